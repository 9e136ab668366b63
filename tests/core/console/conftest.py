"""Browsers without scripts: clients that hold the console's cookie and follow nothing by themselves."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.auth.actions import open_session
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role, SessionKind, User

NO_PASSWORD = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43

Browser = Callable[[Role | None], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    """A browser in which a person of the given role is signed in; `None` is a stranger's."""
    opened: list[httpx.AsyncClient] = []

    async def make(role: Role | None) -> httpx.AsyncClient:
        cookies = {} if role is None else {COOKIE: await _cookie(app, role)}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", cookies=cookies)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


async def _cookie(app: FastAPI, role: Role) -> str:
    async with app.state.database.transaction() as session:
        user = User(username=f"the_{role.value}", password_hash=NO_PASSWORD, role=role)
        session.add(user)
        await session.flush()
        token = await open_session(
            session, user, SessionKind.CONSOLE, app.state.tokens, ip=None, user_agent=None
        )  # fmt: skip
        return str(token)


@pytest.fixture
async def stranger(browser: Browser) -> httpx.AsyncClient:
    return await browser(None)


@pytest.fixture
async def reader(browser: Browser) -> httpx.AsyncClient:
    return await browser(Role.USER)


@pytest.fixture
async def lead(browser: Browser) -> httpx.AsyncClient:
    return await browser(Role.MANAGER)
