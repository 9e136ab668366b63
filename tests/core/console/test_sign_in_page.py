"""Signing in with a browser: by password, by link, back to where one was, and out."""

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.auth.actions import create_sign_in_link, create_user
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role
from opsroom.core.console.sign_in import safe_place

PASSWORD = "correct horse battery"


@pytest.fixture
async def link(app: FastAPI) -> str:
    async with app.state.database.transaction() as session:
        person = await create_user(session, "wanjiru", PASSWORD, Role.MANAGER)
        return await create_sign_in_link(session, person.id)


async def submit(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
    return await client.post("/console/sign-in", data=form, headers=headers or {})


async def test_a_stranger_is_led_to_the_sign_in_and_back(stranger: httpx.AsyncClient, link: str) -> None:
    away = await stranger.get("/console/?tab=failed")
    assert away.status_code == 303
    assert away.headers["location"] == "/console/sign-in?next=/console/%3Ftab%3Dfailed"
    form = await stranger.get(away.headers["location"])
    assert 'name="next" value="/console/?tab=failed"' in form.text
    back = await submit(stranger, username="wanjiru", password=PASSWORD, next="/console/?tab=failed")
    assert (back.status_code, back.headers["location"]) == (303, "/console/?tab=failed")
    assert "wanjiru" in (await stranger.get("/console/")).text


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: httpx.AsyncClient, link: str) -> None:
    answer = await submit(stranger, username="wanjiru", password=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_the_cookie_is_secure_over_https(app: FastAPI, link: str) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://opsroom.test") as client:
        answer = await submit(client, username="wanjiru", password=PASSWORD)
    assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_a_wrong_password_shows_the_form_again_with_the_name_and_without_the_password(
    stranger: httpx.AsyncClient, link: str
) -> None:
    answer = await submit(stranger, username="wanjiru", password="not the password", next="/console/jobs")
    assert answer.status_code == 401
    assert "The username or the password is wrong" in answer.text
    assert 'value="wanjiru"' in answer.text
    assert 'value="/console/jobs"' in answer.text
    assert "not the password" not in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


async def test_looking_at_a_link_does_not_spend_it_and_pressing_its_button_does(
    stranger: httpx.AsyncClient, link: str
) -> None:
    for _preview in range(2):
        page = await stranger.get(f"/console/sign-in?link={link}")
        assert page.status_code == 200
        assert "Sign in with this link" in page.text
        assert 'type="password"' not in page.text
    assert (await submit(stranger, link=link)).status_code == 303
    assert (await stranger.get("/console/")).status_code == 200
    spent = await submit(stranger, link=link)
    assert spent.status_code == 401
    assert "used already or has expired" in spent.text


async def test_signing_out_ends_the_session_and_not_only_the_cookie(stranger: httpx.AsyncClient, link: str) -> None:
    await submit(stranger, link=link)
    kept = stranger.cookies[COOKIE]
    out = await stranger.post("/console/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/console/sign-in")
    stranger.cookies.set(COOKIE, kept)
    assert (await stranger.get("/console/")).status_code == 303


async def test_a_form_of_another_site_cannot_sign_anybody_in(stranger: httpx.AsyncClient, link: str) -> None:
    answer = await submit(
        stranger, headers={"Sec-Fetch-Site": "cross-site"}, username="wanjiru", password=PASSWORD
    )  # fmt: skip
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_who_is_signed_in_is_not_asked_again(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/console/sign-in?next=/console/jobs")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/jobs")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "/console/\\..\\evil",
        "/console/\n//evil.test",
        "/console.evil.test/",
        "javascript:alert(1)",
        "/api/v1/auth/me",
        "",
    ],
)
def test_next_leads_nowhere_but_to_our_own_pages(wanted: str) -> None:
    assert safe_place(wanted) == "/console/"


@pytest.mark.parametrize("wanted", ["/console/jobs?status=failed", "/docs", "/redoc", "/console/"])
def test_next_leads_back_to_pages(wanted: str) -> None:
    assert safe_place(wanted) == wanted


async def test_parts_of_a_page_send_the_whole_page_to_the_sign_in(stranger: httpx.AsyncClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://opsroom.test/console/jobs?status=failed"}
    answer = await stranger.get("/console/live", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/console/sign-in?next=/console/jobs%3Fstatus%3Dfailed"
