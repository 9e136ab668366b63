"""The page of webhooks: for administrators, with the secret shown once."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import NO_PASSWORD
from tests.core.webhooks.conftest import Receive

from opsroom.core.auth.actions import open_session
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role, SessionKind, User

PATH = "/console/webhooks"
Browser = Callable[[Role], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    opened: list[httpx.AsyncClient] = []

    async def make(role: Role) -> httpx.AsyncClient:
        async with app.state.database.transaction() as session:
            user = User(username=f"browsing_{role.value}", password_hash=NO_PASSWORD, role=role)
            session.add(user)
            await session.flush()
            token = await open_session(
                session, user, SessionKind.CONSOLE, app.state.tokens, ip=None, user_agent=None
            )  # fmt: skip
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        cookies = {COOKIE: str(token)}
        opened.append(httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", cookies=cookies))
        return opened[-1]

    yield make
    for client in opened:
        await client.aclose()


async def test_an_endpoint_is_added_tested_and_sent_to_again(
    browser: Browser, receive: Receive, work: Callable[[], Awaitable[None]]
) -> None:
    admin = await browser(Role.ADMIN)
    assert "Nobody is told yet" in (await admin.get(PATH)).text
    receiver = receive("200")
    added = await admin.post(PATH, data={"url": receiver.url, "events": "stores.*, dispatch.*", "description": ""})
    assert added.status_code == 200
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", added.text)
    assert secret is not None
    page = (await admin.get(PATH)).text
    assert secret[0] not in page
    test = re.search(rf"{PATH}/endpoints/[0-9a-f-]+/test", page)
    assert test is not None
    assert (await admin.post(test[0])).status_code == 303
    await work()
    page = (await admin.get(PATH, params={"status": "delivered"})).text
    again = re.search(rf"{PATH}/deliveries/[0-9a-f-]+/redeliver", page)
    assert again is not None
    assert (await admin.post(again[0])).status_code == 303
    await work()
    assert len(receiver.heard(2)) == 2


async def test_a_wrong_form_says_so(browser: Browser) -> None:
    answer = await (await browser(Role.ADMIN)).post(PATH, data={"url": "ftp://example.com", "events": "Stores"})
    assert answer.status_code == 422
    assert answer.text.count("field-error") == 2


async def test_others_do_not_see_it(browser: Browser) -> None:
    lead = await browser(Role.MANAGER)
    assert (await lead.get(PATH)).status_code == 403
    assert PATH not in (await lead.get("/console/")).text
