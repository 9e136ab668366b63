"""One connection: asks, and asks again where a killed server left it without an answer."""

import asyncio
import time
from collections.abc import Set as AbstractSet
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from tests.torture.load.front import Front, Place
from tests.torture.load.seen import Seen
from tests.torture.programs import LONGEST
from tests.torture.wrong import WentWrong

ASK_AGAIN = 0.05  # seconds


class Caller:
    """`number` decides which server is asked first."""

    def __init__(self, number: int, front: Front, seen: Seen) -> None:
        self.number = number
        self._front = front
        self._seen = seen

    async def __aenter__(self) -> Self:
        # One connection is kept; without encryption there is no need to read certificates.
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        self._client = httpx.AsyncClient(verify=False, timeout=LONGEST, limits=limits)  # noqa: S501  plain http
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def carry(self, token: str) -> None:
        self._client.headers["Authorization"] = f"Bearer {token}"

    async def ask(
        self, kind: str, method: str, path: str, welcome: AbstractSet[int], **options: Any
    ) -> tuple[httpx.Response, int]:
        """An answer, and how many to the same request were lost before it.

        A POST is repeated with the key it went out with first. Raises WentWrong on any other status than those that
        are welcome, and on a connection that broke while its server was well.
        """
        if method == "POST":
            options["headers"] = {"Idempotency-Key": str(uuid4())}
        lost = 0
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            place, begun = self._front.choose(self.number), time.monotonic()
            try:
                answer = await self._client.request(method, place.server.base + path, **options)
            except httpx.TransportError as error:
                lost += self._broken(place, begun, error)
                await asyncio.sleep(ASK_AGAIN)
                continue
            self._seen.answered(kind, answer.status_code, time.monotonic() - begun)
            if answer.status_code not in welcome:
                raise WentWrong(f"{method} {path} was answered {answer.status_code}: {answer.text}")
            return answer, lost
        raise WentWrong(f"{method} {path}: no answer for {LONGEST:.0f} s")

    def _broken(self, place: Place, begun: float, error: httpx.TransportError) -> bool:
        """Whether the request may have taken effect."""
        if not self._front.is_excused(place, begun, time.monotonic()):
            raise WentWrong(f"a connection broke while its server was well: {error!r}") from error
        self._front.avoid(place)
        if isinstance(error, httpx.ConnectError):
            self._seen.refused += 1
            return False
        self._seen.lost += 1
        return True
