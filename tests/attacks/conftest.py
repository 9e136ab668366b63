"""What the attacks need: the application with settings of the attack's own, and a real server to send raw bytes to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from tests.conftest import NO_PASSWORD, MakeApp

from opsroom.commands.serve import server_options
from opsroom.core.auth.actions import open_session
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role, SessionKind, User
from opsroom.settings import Settings

Serve = Callable[..., Awaitable["Wire"]]


@dataclass(frozen=True, slots=True)
class Wire:
    """A server on a port of this machine, spoken to in bytes."""

    app: FastAPI
    port: int

    async def say(self, *pieces: bytes, hang_up: bool = False) -> bytes:
        """What comes back until the server closes; `hang_up` ends our side first."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if hang_up:
                writer.write_eof()
            async with asyncio.timeout(60):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def get(self, path: str, *headers: str) -> bytes:
        return await self.say(request_of("GET", path, *headers))


def request_of(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: opsroom.test", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.fixture
async def serve(make_app: MakeApp, settings: Settings) -> AsyncIterator[Serve]:
    """A server as `opsroom serve` runs it, with some settings changed."""
    running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def start(**changed: Any) -> Wire:
        app = make_app(**changed)
        listening = socket.create_server(("127.0.0.1", 0))
        options = server_options(Settings.model_validate({**settings.model_dump(), **changed}))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **options))
        running.append((server, asyncio.create_task(server.serve(sockets=[listening]))))
        return Wire(app, listening.getsockname()[1])

    yield start
    for server, task in running:
        server.should_exit = True
        await task


async def cookie_of(app: FastAPI, role: Role, username: str = "", *, is_superuser: bool = False) -> dict[str, str]:
    """The cookie of a person who signed in with a browser."""
    async with app.state.database.transaction() as session:
        name = username or f"browsing_{role.value}"
        user = User(username=name, password_hash=NO_PASSWORD, role=role, is_superuser=is_superuser)
        session.add(user)
        await session.flush()
        token = await open_session(session, user, SessionKind.CONSOLE, app.state.tokens, ip=None, user_agent=None)
        return {COOKIE: str(token)}
