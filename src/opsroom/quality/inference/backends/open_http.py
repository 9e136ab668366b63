"""Open Inference Protocol over HTTP: with the binary tensor extension where the server offers it, else plain JSON."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpcore
import msgspec

from opsroom.quality.inference.backends.backend import ServerAway, ServerRefused, TimedOut
from opsroom.quality.inference.backends.protocol import KINDS, LARGEST_ANSWER, Described, array_of, check
from opsroom.quality.vision.decoding import NAMES, outputs_from
from opsroom.quality.vision.runtime import INPUT, Model
from opsroom.quality.vision.values import Outputs, Tensor, UnusableOutput

BINARY = "binary_tensor_data"
HEADER_LENGTH = "Inference-Header-Content-Length"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # answers that may be another in a moment
EXCERPT = 300  # letters of a server's own words


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise UnusableOutput(f"The server answered {self.status} without a JSON object.") from None

    def words(self) -> str:
        """What it says, for people."""
        try:
            said = str(self.document().get("error", ""))
        except UnusableOutput:
            said = self.body[:EXCERPT].decode(errors="replace")
        return " ".join(said.split())[:EXCERPT] or "no reason given"


class OpenInferenceHttp:
    """The URL is a setting, so it may name inner servers; redirects are not followed."""

    def __init__(self, url: str, seconds: float) -> None:
        self.server = url.rstrip("/")
        self._seconds = seconds
        self._binary: dict[str, bool] = {}  # by the hash of models that were found to be served

    async def run(self, model: Model, pixels: Tensor) -> Outputs:
        try:
            async with asyncio.timeout(self._seconds), httpcore.AsyncConnectionPool() as pool:
                return await self._run(pool, model, pixels)
        except TimeoutError:
            raise TimedOut(self.server, self._seconds) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise ServerAway(f"{self.server} does not answer: {str(error) or type(error).__name__}.") from error

    async def _run(self, pool: httpcore.AsyncConnectionPool, model: Model, pixels: Tensor) -> Outputs:
        if model.sha256 not in self._binary:
            self._binary[model.sha256] = await self._meet(pool, model)
        body, headers = _request(pixels, binary=self._binary[model.sha256])
        answer = await self._ask(pool, "POST", f"{_path(model)}/infer", body, headers)
        if answer.status != 200:
            del self._binary[model.sha256]  # what was learned of the server may not hold any more
            raise ServerRefused(f"{self.server} refused the images: {answer.words()}.")
        return outputs_from(_arrays(answer), model.contract, len(pixels))

    async def _meet(self, pool: httpcore.AsyncConnectionPool, model: Model) -> bool:
        """Whether the server takes binary tensors, once it is clear that it has the model."""
        described = await self._ask(pool, "GET", _path(model))
        if described.status != 200:
            ready = await self._ask(pool, "GET", "/v2/health/ready")
            if ready.status != 200:
                raise ServerAway(f"{self.server} is not ready yet.")
            raise ServerRefused(f"{self.server} has no model {model.contract.name}: {described.words()}.")
        check(_described(described.document()), model, self.server)
        server = await self._ask(pool, "GET", "/v2")
        return server.status == 200 and BINARY in server.document().get("extensions", [])

    async def _ask(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        found = b""
        async with pool.stream(
            method, self.server + path, headers=list((headers or {}).items()), content=body
        ) as response:
            async for part in response.aiter_stream():
                found += part
                if len(found) > LARGEST_ANSWER:
                    raise UnusableOutput(f"The server's answer is longer than {LARGEST_ANSWER} bytes.")
            told = {name.decode().lower(): value.decode(errors="replace") for name, value in response.headers}
        answer = Answer(response.status, told, found)
        if answer.status in PASSING:
            raise ServerAway(f"{self.server} answered {answer.status}: {answer.words()}.")
        return answer


def _path(model: Model) -> str:
    return f"/v2/models/{quote(model.contract.name, safe='')}"


def _described(document: dict[str, Any]) -> Described:
    try:
        return Described(
            tuple(str(each) for each in document.get("versions") or ()),
            tuple((each["name"], each["datatype"], tuple(map(int, each["shape"]))) for each in document["inputs"]),
            tuple(each["name"] for each in document["outputs"]),
        )
    except (KeyError, TypeError, ValueError):
        raise UnusableOutput("The server describes the model in another way than the protocol says.") from None


def _request(pixels: Tensor, *, binary: bool) -> tuple[bytes, dict[str, str]]:
    told: dict[str, Any] = {"name": INPUT, "datatype": "FP32", "shape": list(pixels.shape)}
    if not binary:
        document = {"inputs": [told | {"data": pixels.ravel().tolist()}], "outputs": [{"name": name} for name in NAMES]}
        return msgspec.json.encode(document), {"Content-Type": "application/json"}
    content = pixels.astype(KINDS["FP32"], copy=False).tobytes()
    document = {
        "inputs": [told | {"parameters": {"binary_data_size": len(content)}}],
        "outputs": [{"name": name, "parameters": {"binary_data": True}} for name in NAMES],
    }
    head = msgspec.json.encode(document)
    return head + content, {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(head))}


def _arrays(answer: Answer) -> dict[str, Any]:
    length = answer.headers.get(HEADER_LENGTH.lower())
    size = int(length) if length is not None and length.isdecimal() else len(answer.body)
    head = Answer(answer.status, {}, answer.body[:size]).document()
    found, at = {}, size
    try:
        for output in head["outputs"]:
            count = (output.get("parameters") or {}).get("binary_data_size")
            content = output["data"] if count is None else answer.body[at : at + count]
            at += count or 0
            found[output["name"]] = array_of(output["name"], output["datatype"], output["shape"], content)
    except (KeyError, TypeError, AttributeError):
        raise UnusableOutput("The server answered in another way than the protocol says.") from None
    return found
