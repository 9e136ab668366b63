"""One's own account: the password, and keys for programs."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from tests.core.console.conftest import Browser
from tests.core.console.records.page import words

from opsroom.core.auth.models import Role, User
from opsroom.core.auth.passwords import hash_password

ACCOUNT = "/console/account"
PASSWORD = "correct horse battery"


@pytest.fixture
async def someone(app: FastAPI, browser: Browser) -> httpx.AsyncClient:
    """A reader with a password."""
    client = await browser(Role.USER)
    async with app.state.database.transaction() as session:
        await session.execute(update(User).values(password_hash=await hash_password(PASSWORD)))
    return client


async def change(client: httpx.AsyncClient, **form: str) -> httpx.Response:
    given = {"current": PASSWORD, "new": "another long password", "again": "another long password", **form}
    return await client.post(f"{ACCOUNT}/password", data=given)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"current": "wrong"}, "The username or the password is wrong"),
        ({"again": "something else"}, "It is not the same."),
        ({"new": "short", "again": "short"}, "at least 12 characters"),
        ({"new": PASSWORD, "again": PASSWORD}, "choose another"),
    ],
)
async def test_a_password_that_cannot_be_is_told_beside_its_field(
    someone: httpx.AsyncClient, form: dict[str, str], sentence: str
) -> None:
    answer = await change(someone, **form)
    assert answer.status_code == 422
    assert sentence in words(answer.text)
    assert PASSWORD not in answer.text
    assert (await someone.get(ACCOUNT)).status_code == 200


async def test_a_changed_password_ends_the_sign_in(someone: httpx.AsyncClient) -> None:
    answer = await change(someone)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    assert (await someone.get(ACCOUNT)).status_code == 303
    form = {"username": "the_user", "password": "another long password"}
    assert (await someone.post("/console/sign-in", data=form)).status_code == 303
    assert (await someone.get(ACCOUNT)).status_code == 200


async def test_who_has_to_change_the_password_is_led_there_from_everywhere(
    app: FastAPI, someone: httpx.AsyncClient
) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(update(User).values(must_change_password=True))
    for page in ("/console/", "/console/jobs", "/console/r/stores"):
        led = await someone.get(page)
        assert (led.status_code, led.headers["location"]) == (303, ACCOUNT)
    assert "Choose a new password first" in (await someone.get(ACCOUNT)).text
    assert (await change(someone)).status_code == 303


async def test_a_key_is_made_shown_once_listed_and_revoked(
    someone: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    page = (await someone.get(ACCOUNT)).text
    assert 'value="jobs.read"' in page
    assert 'value="account.write"' not in page
    assert 'value="users.read"' not in page
    form = {"name": "nightly import", "days": "30", "scopes": ["jobs.read", "account.read"]}
    made = await someone.post(f"{ACCOUNT}/keys", data=form)
    secret = words(made.text.partition("<pre")[2].partition(">")[2].partition("<")[0])
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await stranger.get("/api/v1/jobs", headers=headers)).status_code == 200
    listed = (await someone.get(ACCOUNT)).text
    assert "nightly import" in listed
    assert secret not in listed
    key = listed.partition(f"{ACCOUNT}/keys/")[2].partition("/revoke")[0]
    assert f"{key}/revoke" in (await someone.get(f"/console/r/api-keys/{key}")).text
    assert (await someone.post(f"{ACCOUNT}/keys/{key}/revoke")).status_code == 303
    assert (await stranger.get("/api/v1/jobs", headers=headers)).status_code == 401
    assert f"{key}/revoke" not in (await someone.get(f"/console/r/api-keys/{key}")).text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "x", "days": "30"}, "at least 1 item"),
        ({"name": "x", "days": "soon", "scopes": ["jobs.read"]}, "valid integer"),
        ({"name": "x", "days": "3000", "scopes": ["jobs.read"]}, "366 days at most"),
        ({"name": "", "days": "30", "scopes": ["jobs.read"]}, "should match pattern"),
        ({"name": "x", "days": "30", "scopes": ["users.write"]}, "cannot have users.write"),
    ],
)
async def test_a_key_that_cannot_be_is_told_beside_its_field(
    someone: httpx.AsyncClient, form: dict[str, str | list[str]], sentence: str
) -> None:
    answer = await someone.post(f"{ACCOUNT}/keys", data=form)
    assert answer.status_code == 422
    assert sentence in words(answer.text)


async def test_an_administrator_unlocks_grants_and_withdraws_on_the_person_s_page(
    app: FastAPI, browser: Browser, someone: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    warden = await browser(Role.ADMIN)
    path = f"/console/r/users/{(await warden.get('/api/v1/users/the_user')).json()['id']}"
    for _ in range(5):
        await stranger.post("/console/sign-in", data={"username": "the_user", "password": "wrong"})
    assert "locked" in words((await warden.get(path)).text)
    assert (await warden.post(f"{path}/unlock")).status_code == 303
    assert f"{path}/unlock" not in (await warden.get(path)).text
    assert (await warden.post(f"{path}/grants", data={"permission": "audit.read"})).status_code == 303
    assert (await someone.get("/console/audit")).status_code == 200
    assert (await warden.post(f"{path}/grants/audit.read/withdraw")).status_code == 303
    assert (await someone.get("/console/audit")).status_code == 403
    assert (await warden.post(f"{path}/grants", data={"permission": "made.up.x"})).status_code == 422
