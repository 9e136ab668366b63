"""Getting around the rate limits: addresses that are only said, and one identity in many spellings."""

import httpx
import pytest
from fastapi import FastAPI
from tests.attacks.conftest import Serve, cookie_of, status_of
from tests.conftest import MakeApp, sign_in

from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role
from opsroom.settings import load_settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ME = "/api/v1/auth/me"


async def statuses(app: FastAPI, *requests: list[tuple[str, str]]) -> list[int]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:
        return [(await client.get(ME, headers=headers)).status_code for headers in requests]


async def test_an_address_that_is_only_said_is_not_believed(serve: Serve) -> None:
    wire = await serve(address_rate_limit="3/hour")
    said = [f"X-Forwarded-For: 198.51.100.{number}" for number in range(4)]
    assert [status_of(await wire.get(ME, header)) for header in said] == [401, 401, 401, 429]


async def test_of_a_proxy_only_what_it_added_itself_is_believed(serve: Serve) -> None:
    wire = await serve(address_rate_limit="2/hour", trusted_proxies=("127.0.0.1",))
    invented = [f"X-Forwarded-For: 203.0.113.{number}, 198.51.100.7" for number in range(3)]
    assert [status_of(await wire.get(ME, header)) for header in invented] == [401, 401, 429]
    assert status_of(await wire.get(ME, "X-Forwarded-For: 198.51.100.8")) == 401


async def test_one_token_is_one_identity_however_it_is_written(make_app: MakeApp) -> None:
    app = make_app(rate_limit="3/hour")
    token = await sign_in(app, Role.USER, "wanjiru")
    spellings = (f"Bearer {token}", f"bearer {token}", f"BEARER   {token}", f"Bearer {token} ")
    assert await statuses(app, *([("Authorization", each)] for each in spellings)) == [200, 200, 200, 429]


async def test_a_second_credential_does_not_make_another_identity(make_app: MakeApp) -> None:
    app = make_app(rate_limit="2/hour")
    bearer = ("Authorization", f"Bearer {await sign_in(app, Role.USER, 'wanjiru')}")
    juggled = [[("Cookie", f"{COOKIE}=invented-{number}"), bearer] for number in range(3)]
    assert await statuses(app, *juggled) == [200, 200, 429]


async def test_a_header_that_is_no_credential_does_not_hide_the_cookie(make_app: MakeApp) -> None:
    app = make_app(rate_limit="2/hour")
    cookie = ("Cookie", f"{COOKIE}={(await cookie_of(app, Role.USER))[COOKIE]}")
    juggled = [[("Authorization", f"Basic {number}"), cookie] for number in range(3)]
    assert await statuses(app, *juggled) == [200, 200, 429]


async def test_a_session_has_one_spelling(app: FastAPI) -> None:
    session, _, secret = (await cookie_of(app, Role.USER))[COOKIE].partition(".")
    others = (session.upper(), session.replace("-", ""), f"urn:uuid:{session}", f"{{{session}}}")
    right = [("Cookie", f"{COOKIE}={session}.{secret}")]
    wrong = [[("Cookie", f"{COOKIE}={each}.{secret}")] for each in others]
    assert await statuses(app, right, *wrong) == [200, 401, 401, 401, 401]


def test_nobody_is_a_proxy_unless_a_setting_says_so(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert load_settings().trusted_proxies == ()
