"""What other sites can make a browser do, and what it is told to refuse."""

import re
from collections import Counter

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.attacks.conftest import Serve, cookie_of
from tests.conftest import MakeApp, sign_in

from opsroom.core.auth.guards import COOKIE, PUBLIC, guard_of
from opsroom.core.auth.models import Role
from opsroom.core.console.render import TOAST_COOKIE
from opsroom.core.errors import WrongSetting
from opsroom.core.web import HEADERS
from opsroom.settings import load_settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FRIEND = "https://app.example.com"
SAFE = {"GET", "HEAD", "OPTIONS"}


def client_of(app: FastAPI, scheme: str = "http", **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://opsroom.test", headers=headers)


def protected(answer: httpx.Response) -> None:
    names = Counter(name.lower() for name, _ in answer.headers.raw)
    sent = {name.lower(): value for name, value in answer.headers.raw}
    for name, value in HEADERS:
        assert names[name] == 1, (answer.request.url, answer.status_code, name)
        assert sent[name] == value
    assert names[b"x-request-id"] == 1


async def crash() -> None:
    raise ValueError("nobody expects this")


ANSWERS = (
    ("GET", "/livez", 200),
    ("GET", "/docs", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/static/console.css", 200),
    ("GET", "/console/", 200),
    ("GET", "/console/nothing", 404),
    ("GET", "/api/v1/stores/export", 200),
    ("GET", "/", 303),
    ("GET", "/nothing", 404),
    ("DELETE", "/livez", 405),
    ("GET", "/api/v1/stores?colour=red", 422),
    ("POST", "/api/v1/auth/token", 422),
    ("GET", "/crash", 500),
    ("GET", "/console/crash", 500),
)


async def test_every_kind_of_answer_carries_the_headers(app: FastAPI) -> None:
    app.router.add_api_route("/crash", crash, include_in_schema=False)
    app.router.add_api_route("/console/crash", crash, include_in_schema=False)
    async with client_of(app) as client:
        client.cookies.update(await cookie_of(app, Role.ADMIN))
        for method, path, status in ANSWERS:
            answer = await client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"})
            assert answer.status_code == status, path
            protected(answer)


async def test_refusals_before_any_route_carry_them_too(make_app: MakeApp) -> None:
    app = make_app(rate_limit="1/hour", cors_origins=(FRIEND,), body_limit_mb=1)
    async with client_of(app) as client:
        asked = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
        protected(await client.options("/api/v1/stores", headers=asked))
        large = await client.post("/api/v1/auth/token", data={"username": "x" * (1 << 21)})
        assert large.status_code == 413
        protected(large)
        limited = await client.get("/api/v1/auth/me")
        assert limited.status_code == 429
        protected(limited)


async def test_browsers_are_told_to_stay_with_https_where_there_is_https(app: FastAPI) -> None:
    async with client_of(app, "https") as secure, client_of(app) as plain:
        assert "max-age=31536000" in (await secure.get("/livez")).headers["strict-transport-security"]
        assert "strict-transport-security" not in (await plain.get("/livez")).headers


async def test_nothing_may_run_on_a_page_but_our_own_files(app: FastAPI) -> None:
    async with client_of(app) as client:
        policy = (await client.get("/console/sign-in")).headers["content-security-policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'self'", "script-src and connect-src fall back to it"
    assert not {"script-src", "script-src-elem", "connect-src"} & rules.keys()
    assert rules["object-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["form-action"] == "'self'"
    assert "unsafe-eval" not in policy


STRANGERS = (
    "https://evil.test",
    "https://app.example.com.evil.test",
    "https://evil.test/https://app.example.com",
    "http://app.example.com",
    "https://app.example.com:444",
    "https://APP.example.com.",
    "null",
)


async def test_an_origin_that_is_not_listed_may_read_nothing(make_app: MakeApp) -> None:
    app = make_app(cors_origins=(FRIEND,))
    for origin in STRANGERS:
        async with client_of(app, origin=origin) as client:
            answer = await client.get("/livez")
            assert "access-control-allow-origin" not in answer.headers
            asked = await client.options("/api/v1/users", headers={"Access-Control-Request-Method": "POST"})
            assert asked.status_code == 400
            assert "access-control-allow-origin" not in asked.headers


async def test_a_listed_origin_may_read_with_a_token_and_never_with_a_cookie(make_app: MakeApp) -> None:
    async with client_of(make_app(cors_origins=(FRIEND,)), origin=FRIEND) as client:
        asked = await client.options("/api/v1/users", headers={"Access-Control-Request-Method": "POST"})
        for answer in (await client.get("/livez"), asked):
            assert answer.headers["access-control-allow-origin"] == FRIEND
            assert "access-control-allow-credentials" not in answer.headers


async def test_without_a_list_nobody_is_allowed(app: FastAPI) -> None:
    async with client_of(app, origin=FRIEND) as client:
        assert "access-control-allow-origin" not in (await client.get("/livez")).headers


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://*.example.com", "https://app.example.com/", "app.example.com"]
)
def test_an_origin_is_written_out(origin: str, database_url: str) -> None:
    with pytest.raises(WrongSetting, match="OPSROOM_CORS_ORIGINS"):
        load_settings(cors_origins=origin)


def writing_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of everything that a cookie could be used to write with."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    return [
        (method, re.sub(r"{[^}]+}", "00000000-0000-0000-0000-000000000000", route.path))
        for route in routes
        if (guard := guard_of(route)) and guard.permission != PUBLIC
        for method in sorted((route.methods or set()) - SAFE)
    ]


async def test_no_other_site_can_write_with_the_cookie_anywhere(app: FastAPI) -> None:
    routes = writing_routes(app)
    assert len(routes) > 150
    async with client_of(app) as client:
        client.cookies.update(await cookie_of(app, Role.ADMIN, is_superuser=True))
        for method, path in routes:
            answer = await client.request(method, path, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, (method, path)
            assert "another site" in answer.text, (method, path)


FROM_ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://opsroom.test"},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Origin": "null"},
    {"Origin": "https://evil.test"},
    {"Origin": "http://opsroom.test.evil.test"},
    {"Origin": "http://evil.test/opsroom.test"},
)


async def test_neighbours_and_browsers_of_old_are_held_to_the_same(app: FastAPI) -> None:
    cookie = await cookie_of(app, Role.ADMIN)
    for headers in FROM_ELSEWHERE:
        async with client_of(app, **headers) as client:
            client.cookies.update(cookie)
            answer = await client.post("/api/v1/auth/sign-out")
            assert answer.status_code == 403, headers
            assert answer.json()["code"] == "cross_site"


async def test_our_own_pages_may_write(app: FastAPI) -> None:
    async with client_of(app, origin="http://opsroom.test") as client:
        client.cookies.update(await cookie_of(app, Role.ADMIN))
        assert (await client.post("/api/v1/auth/sign-out")).status_code == 204


async def test_a_token_of_another_site_is_its_own_right(app: FastAPI) -> None:
    headers = {"Authorization": f"Bearer {await sign_in(app, Role.USER, 'wanjiru')}", "Sec-Fetch-Site": "cross-site"}
    async with client_of(app, **headers) as client:
        assert (await client.post("/api/v1/auth/sign-out")).status_code == 204


async def test_signing_out_takes_the_cookie_with_its_flags(app: FastAPI) -> None:
    async with client_of(app) as client:
        client.cookies.update(await cookie_of(app, Role.USER))
        cookies = (await client.post("/console/sign-out")).headers.get_list("set-cookie")
    (cookie,) = [each for each in cookies if each.startswith(f"{COOKIE}=")]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=0", "Path=/"} <= set(cookie.split("; "))


async def test_a_message_for_the_next_page_is_a_text_whoever_wrote_it(app: FastAPI) -> None:
    async with client_of(app) as client:
        client.cookies.update(await cookie_of(app, Role.USER))
        client.cookies.set(TOAST_COOKIE, "%3Cscript%3Ealert(1)%3C/script%3E")
        page = await client.get("/console/")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text


async def test_a_cookie_behind_a_proxy_is_secure_only_if_the_proxy_may_say_so(serve: Serve) -> None:
    trusted, untrusted = await serve(trusted_proxies=("127.0.0.1",)), await serve()
    header = "X-Forwarded-Proto: https"
    assert b"strict-transport-security" in await trusted.get("/livez", header)
    assert b"strict-transport-security" not in await untrusted.get("/livez", header)


PLACES = (
    "https://evil.test/",
    "//evil.test",
    "/\\evil.test",
    "/console/\r\nSet-Cookie: a=b",
    "javascript:alert(1)",
    "/docs\\@evil",
)


async def test_signing_in_leads_to_no_other_place(app: FastAPI) -> None:
    async with client_of(app) as client:
        client.cookies.update(await cookie_of(app, Role.USER))
        for place in PLACES:
            answer = await client.get("/console/sign-in", params={"next": place})
            assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
            before = f"http://opsroom.test{place}".encode()
            back = await client.post("/console/preferences", headers=[(b"Referer", before)])
            assert back.headers["location"].startswith("/")
            assert not back.headers["location"].startswith(("//", "/\\"))
            assert "set-cookie: a=b" not in str(back.headers.raw).lower()
