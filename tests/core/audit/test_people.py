"""Signing in and out, and what people may do: events beside the rows, also when the answer is a refusal."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action
from opsroom.core.auth.actions import create_user
from opsroom.core.auth.models import Role
from opsroom.core.db.engine import Database

Entry = dict[str, Any]
Trail = Callable[[], Awaitable[list[Entry]]]
PASSWORD = "correct horse battery"


@pytest.fixture
async def wanjiru(database: Database) -> str:
    async with database.transaction() as session:
        return str((await create_user(session, "wanjiru", PASSWORD, Role.MANAGER)).id)


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD, username: str = "wanjiru") -> dict[str, Any]:
    answer = await client.post("/api/v1/auth/token", data={"username": username, "password": password})
    found: dict[str, Any] = answer.json()
    return found


async def events(trail: Trail) -> dict[str, Entry]:
    return {entry["event"]: entry for entry in await trail() if entry["event"].count(".") == 2}


async def test_a_sign_in_is_the_person_s_own(
    nobody: httpx.AsyncClient, database: Database, wanjiru: str, trail: Trail
) -> None:
    await sign_in(nobody)
    entry = (await events(trail))["auth.sign_in.accepted"]
    assert entry["action"] is Action.ACCESS
    assert (entry["user_name"], str(entry["user_id"]), entry["ip"]) == ("wanjiru", wanjiru, "127.0.0.1")
    assert entry["record_id"] == str(entry["session_id"])
    assert entry["facts"] == {"username": "wanjiru", "kind": "token"}


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("wanjiru", "not the password"),
        ("nobody of that name", PASSWORD),
        ("a zero \0 in it", PASSWORD),
        ("ü" * 9000, ""),
    ],
)
async def test_a_refused_sign_in_is_kept_although_the_request_is_refused(
    nobody: httpx.AsyncClient, database: Database, wanjiru: str, trail: Trail, username: str, password: str
) -> None:
    answer = await sign_in(nobody, password or "x", username)
    assert answer["code"] == "wrong_credentials"
    (entry,) = await trail()
    assert (entry["event"], entry["level"].value, entry["user_name"]) == (
        "auth.sign_in.refused",
        "warning",
        "anonymous",
    )
    assert entry["record_id"] == (wanjiru if username == "wanjiru" else None)
    assert entry["facts"]["username"] == username.replace("\0", "\N{REPLACEMENT CHARACTER}")[:500]
    assert password not in str(entry) or not password


async def test_a_refused_sign_in_at_the_console_is_kept_too(
    nobody: httpx.AsyncClient, database: Database, wanjiru: str, trail: Trail
) -> None:
    form = {"username": "wanjiru", "password": "wrong password"}
    assert (await nobody.post("/console/sign-in", data=form)).status_code == 401
    assert (await nobody.post("/console/sign-in", data={"link": "made up"})).status_code == 401
    assert [entry["event"] for entry in await trail()] == ["auth.sign_in.refused"] * 2


async def test_sign_out_replay_and_password_change_are_events(
    nobody: httpx.AsyncClient, database: Database, wanjiru: str, trail: Trail
) -> None:
    first = await sign_in(nobody)
    body = {"refresh_token": first["refresh_token"]}
    headers = {"Authorization": f"Bearer {first['access_token']}"}
    assert (await nobody.post("/api/v1/auth/refresh", json=body)).status_code == 200
    change = {"current_password": "wrong", "new_password": "another long password"}
    assert (await nobody.post("/api/v1/auth/password", json=change, headers=headers)).status_code == 401
    change["current_password"] = PASSWORD
    assert (await nobody.post("/api/v1/auth/password", json=change, headers=headers)).status_code == 204
    second = await sign_in(nobody, "another long password")
    body = {"refresh_token": second["refresh_token"]}
    assert (await nobody.post("/api/v1/auth/refresh", json=body)).status_code == 200
    assert (await nobody.post("/api/v1/auth/refresh", json=body)).status_code == 401
    third = await sign_in(nobody, "another long password")
    out = {"Authorization": f"Bearer {third['access_token']}"}
    assert (await nobody.post("/api/v1/auth/sign-out", headers=out)).status_code == 204

    found = await events(trail)
    assert found["auth.password.changed"]["user_name"] == "wanjiru"
    assert found["auth.sign_in.refused"]["user_name"] == "wanjiru"
    assert found["auth.refresh_token.replayed"]["level"].value == "error"
    assert found["auth.sign_in.ended"]["user_name"] == "wanjiru"
    revoked = [entry for entry in await trail() if (entry["after"] or {}).get("revoked_reason")]
    assert {entry["after"]["revoked_reason"] for entry in revoked} == {
        "password changed",
        "refresh token replayed",
        "signed out",
    }


async def test_granting_a_role_is_an_event_of_whoever_grants_it(
    app: FastAPI, admin: httpx.AsyncClient, database: Database, wanjiru: str, trail: Trail
) -> None:
    answer = await admin.patch("/api/v1/users/wanjiru", json={"role": "admin"})
    assert answer.status_code == 200, answer.text
    granted, updated = await trail()
    assert (granted["event"], granted["action"]) == ("auth.role.granted", Action.CONFIGURE)
    assert (granted["record_id"], granted["facts"]["role"]) == (wanjiru, "admin")
    assert granted["user_name"] == updated["user_name"] == "the_admin"
    assert (updated["before"], updated["after"]) == ({"role": "manager"}, {"role": "admin"})


@pytest.mark.parametrize("name", ["signed_in", "auth.sign in.x", "a.b", "a.b.c.d", "Auth.sign_in.accepted", "a.b._c"])
def test_names_of_events_have_three_parts(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an event"):
        Event(name, Action.ACCESS)
