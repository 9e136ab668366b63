"""Open Inference Protocol over gRPC. It needs `pip install opsroom[grpc]`."""

from typing import Any

import grpc
import grpc.aio

from opsroom.quality.inference.backends.backend import ServerAway, ServerRefused, TimedOut
from opsroom.quality.inference.backends.open_grpc_messages import MESSAGES, SERVICE
from opsroom.quality.inference.backends.protocol import KINDS, LARGEST_ANSWER, Described, array_of, check
from opsroom.quality.vision.decoding import NAMES, outputs_from
from opsroom.quality.vision.runtime import INPUT, Model
from opsroom.quality.vision.values import Outputs, Tensor

FINAL = frozenset(
    {
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.OUT_OF_RANGE,
    }
)
OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST_ANSWER),
    ("grpc.enable_http_proxy", 0),
    # Each attempt connects anew; shared connections would remember for seconds that a server was away.
    ("grpc.use_local_subchannel_pool", 1),
)
CONTENTS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents",
}  # fmt: skip


class OpenInferenceGrpc:
    def __init__(self, url: str, seconds: float) -> None:
        self.server = url.rstrip("/")
        self._seconds = seconds
        self._met: set[str] = set()  # hashes of models that were found to be served

    async def run(self, model: Model, pixels: Tensor) -> Outputs:
        try:
            async with self._channel() as channel:
                return await self._run(channel, model, pixels)
        except grpc.aio.AioRpcError as error:
            self._met.discard(model.sha256)
            raise self._told(error) from error

    def _channel(self) -> grpc.aio.Channel:
        scheme, _, target = self.server.partition("://")
        if scheme == "grpcs":
            return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), OPTIONS)
        return grpc.aio.insecure_channel(target, OPTIONS)

    async def _run(self, channel: grpc.aio.Channel, model: Model, pixels: Tensor) -> Outputs:
        if model.sha256 not in self._met:
            await self._meet(channel, model)
        tensor = MESSAGES["InferTensor"](name=INPUT, datatype="FP32", shape=pixels.shape)
        answer = await self._ask(
            channel,
            "ModelInfer",
            MESSAGES["ModelInferRequest"](
                model_name=model.contract.name,
                inputs=[tensor],
                outputs=[MESSAGES["InferRequestedOutput"](name=name) for name in NAMES],
                raw_input_contents=[pixels.astype(KINDS["FP32"], copy=False).tobytes()],
            ),
            MESSAGES["ModelInferResponse"],
        )
        return outputs_from(_arrays(answer), model.contract, len(pixels))

    async def _meet(self, channel: grpc.aio.Channel, model: Model) -> None:
        ready = MESSAGES["ServerReadyRequest"]()
        if not (await self._ask(channel, "ServerReady", ready, MESSAGES["ServerReadyResponse"])).ready:
            raise ServerAway(f"{self.server} is not ready yet.")
        wanted = MESSAGES["ModelMetadataRequest"](name=model.contract.name)
        told = await self._ask(channel, "ModelMetadata", wanted, MESSAGES["ModelMetadataResponse"])
        inputs = tuple((each.name, each.datatype, tuple(each.shape)) for each in told.inputs)
        described = Described(tuple(told.versions), inputs, tuple(each.name for each in told.outputs))
        check(described, model, self.server)
        self._met.add(model.sha256)

    async def _ask(self, channel: grpc.aio.Channel, method: str, request: Any, answer: Any) -> Any:
        call = channel.unary_unary(
            f"/{SERVICE}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return await call(request, timeout=self._seconds)

    def _told(self, error: grpc.aio.AioRpcError) -> Exception:
        words = " ".join((error.details() or "no reason given").split())[:300]
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return TimedOut(self.server, self._seconds)
        if error.code() in FINAL:
            return ServerRefused(f"{self.server} refused: {words}.")
        return ServerAway(f"{self.server} does not answer: {words}.")


def _arrays(answer: Any) -> dict[str, Any]:
    """Raw bytes, or lists of numbers: a server may give either."""
    raw = list(answer.raw_output_contents)
    found = {}
    for row, output in enumerate(answer.outputs):
        listed = list(getattr(output.contents, CONTENTS.get(output.datatype, "fp32_contents")))
        content = raw[row] if row < len(raw) else listed
        found[output.name] = array_of(output.name, output.datatype, list(output.shape), content)
    return found
