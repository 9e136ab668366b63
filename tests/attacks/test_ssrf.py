"""Addresses that people type in, and that would like to lead into the house. Nothing here leaves this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from opsroom.core.clock import now
from opsroom.core.outgoing import EXCERPT, NotAllowed, Outgoing, Unreachable
from opsroom.core.webhooks.actions import Event, announce

ENDPOINTS, DELIVERIES = "/api/v1/webhooks/endpoints", "/api/v1/webhooks/deliveries"
Resolver = Callable[..., list[Any]]


@dataclass
class Inner:
    """A service of the house that trusts whoever reaches it."""

    port: int = 0
    visits: int = 0
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
    servers: list[asyncio.Server] = field(default_factory=list)

    async def met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def inner() -> AsyncIterator[Inner]:
    service = Inner()
    for host in ("127.0.0.1", "::1"):
        server = await asyncio.start_server(service.met, host, service.port)
        service.port = service.port or server.sockets[0].getsockname()[1]
        service.servers.append(server)
    yield service
    for server in service.servers:
        server.close()
        await server.wait_closed()


def resolving(*answers: list[str]) -> Resolver:
    """A name server that gives these answers in turn; numbers it leaves to the system."""
    left = list(answers)

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> list[Any]:
        if host != "rebinding.example.com":
            return real(host, port, *arguments, **named)
        found = left.pop(0) if len(left) > 1 else left[0]
        kinds = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in found]
        return [(kind, socket.SOCK_STREAM, 6, "", (each, port)) for kind, each in zip(kinds, found, strict=True)]

    real = socket.getaddrinfo
    return getaddrinfo


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1",
    "0177.0.0.01", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.00", "[::1]", "[::]",
    "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::1%25lo]", "127.0.0.1%00.example.com", "example.com@127.0.0.1",
    "127.0.0.1#@example.com", "example.com\\@127.0.0.1", "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021",
    "\uff11\uff12\uff17.0.0.1", "user:pw@localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS, ids=ascii)
async def test_no_spelling_of_this_machine_is_reached(inner: Inner, host: str) -> None:
    address = host if host.endswith("@example.com") else f"{host}:{inner.port}"
    with pytest.raises((NotAllowed, Unreachable)):
        await Outgoing().post(f"http://{address}/", b"", {})
    assert inner.visits == 0


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1",
     "255.255.255.255", "224.0.0.1", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1",
     "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:0a00:0001::", "2001:0:0a00:1::f5ff:fffe"],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving([address]))
    with pytest.raises(NotAllowed, match="inner address"):
        await Outgoing().post("https://rebinding.example.com/", b"", {})


async def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First an address that is allowed, where nobody listens, then the service."""
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["127.0.0.2"], ["127.0.0.1"]))
    with pytest.raises(Unreachable):
        await Outgoing(["127.0.0.2/32"]).post(f"http://rebinding.example.com:{inner.port}/", b"", {})
    assert inner.visits == 0


async def test_of_several_addresses_only_those_that_are_allowed_are_tried(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["127.0.0.1", "::1", "127.0.0.2"]))
    with pytest.raises(Unreachable):
        await Outgoing(["127.0.0.2/32"]).post(f"http://rebinding.example.com:{inner.port}/", b"", {})
    assert inner.visits == 0


async def test_a_redirect_is_an_answer_and_not_a_way(inner: Inner) -> None:
    inner.answer = f"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n".encode()
    answer = await Outgoing(["127.0.0.0/8"]).post(f"http://127.0.0.1:{inner.port}/", b"", {})
    assert (answer.status, inner.visits) == (307, 1)


async def test_an_endless_answer_is_cut(inner: Inner) -> None:
    inner.answer = b"HTTP/1.1 500 x\r\n\r\n" + b"x" * (4 << 20)
    answer = await Outgoing(["127.0.0.0/8"]).post(f"http://127.0.0.1:{inner.port}/", b"", {})
    assert len(answer.excerpt) == EXCERPT


NO_ADDRESS = (
    "http://example.com/\r\nX-Evil: 1", "http://example.com/ HTTP/1.1\r\nX: 1", "http://exa mple.com/", "http:///x",
    "gopher://127.0.0.1/", "file:///etc/passwd", "http+unix://%2Ftmp%2Fs/", "//127.0.0.1/", "http://[::1", "http://a:0/",
    "http://ex\u00e4mple.com/", "http://\u2460.0.0.1/",
)  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_no_web_address_reaches_nobody(admin: httpx.AsyncClient) -> None:
    for url in NO_ADDRESS:
        answer = await admin.post(ENDPOINTS, json={"url": url, "events": ["*"]})
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_webhook_does_not_reach_the_house_and_shows_nothing_of_it(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]], inner: Inner
) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
        made = await admin.post(ENDPOINTS, json={"url": f"http://{host}:{inner.port}/", "events": ["*"]})
        assert made.status_code in {201, 422}
    async with app.state.database.transaction() as session:
        await announce(session, app.state.queue, [Event("stores.incident.opened", {}, now())])
    await work()
    found = (await admin.get(DELIVERIES)).json()["items"]
    assert {each["status"] for each in found} <= {"failed", "pending"}
    assert inner.visits == 0
    async with app.state.database.reading() as connection:
        said = (await connection.scalars(text("SELECT error FROM webhook_deliveries"))).all()
    assert not any("secret" in (each or "") for each in said)
