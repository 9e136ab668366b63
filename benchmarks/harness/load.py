"""A client that costs little beside the server it asks: kept connections, each asking again once it was answered."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONNECTIONS = 10
LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Ask:
    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def as_bytes(self, port: int) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def drive(port: int, asks: Sequence[Ask], expected: int, connections: int = CONNECTIONS) -> float:
    """Ask them all, as many at a time as there are connections; the seconds it took.

    Raises:
        RuntimeError: an answer has another status than the expected one.
    """
    return asyncio.run(_drive(port, [ask.as_bytes(port) for ask in asks], expected, connections))


async def _drive(port: int, requests: list[bytes], expected: int, connections: int) -> float:
    loop = asyncio.get_running_loop()
    left = iter(requests)
    callers = [Caller(left, expected, loop.create_future()) for _ in range(connections)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]  # bound now
    begun = time.perf_counter()
    for caller in callers:
        caller.ask()
    await asyncio.gather(*(caller.done for caller in callers))
    return time.perf_counter() - begun


class Caller(asyncio.Protocol):
    """One connection; it takes from `left` until nothing is."""

    def __init__(self, left: Iterator[bytes], expected: int, done: asyncio.Future[None]) -> None:
        self.left = left
        self.status = b"HTTP/1.1 %d" % expected
        self.done = done
        self.received = b""
        self.wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  it is a socket's
        self.transport = transport

    def ask(self) -> None:
        request = next(self.left, None)
        if request is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self.received, self.wanted = b"", 0
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.wanted:
            head = self.received.find(b"\r\n\r\n")
            if head < 0:
                return
            self.wanted = head + 4 + self._length(self.received[:head])
        if len(self.received) >= self.wanted:
            if self.received.startswith(self.status):
                self.ask()
            else:
                self._fail(self.received.decode(errors="replace")[:2000])

    def connection_lost(self, _error: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why))
            self.transport.close()

    @staticmethod
    def _length(head: bytes) -> int:
        lowered = head.lower()
        place = lowered.find(LENGTH)
        return 0 if place < 0 else int(lowered[place + len(LENGTH) :].split(b"\r\n", 1)[0])
