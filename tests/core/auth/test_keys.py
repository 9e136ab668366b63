"""Keys for programs: what they may, for how long, and what they never may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from tests.core.auth.conftest import Clock

from opsroom.core.auth.keys import NEVER, PREFIX
from opsroom.core.auth.models import ApiKey, Role, User

Problem = Callable[[httpx.Response, int], dict[str, Any]]
PATH = "/api/v1/api-keys"
ME = "/api/v1/auth/me"
SCOPES = ["account.read", "jobs.read"]


async def make(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json={"name": "nightly import", "scopes": SCOPES, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bearing(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['secret']}"}


async def test_a_key_is_shown_once_and_kept_as_a_hash(app: FastAPI, user: httpx.AsyncClient) -> None:
    answer = await user.post(PATH, json={"name": "x", "scopes": SCOPES})
    key = answer.json()
    assert key["secret"].startswith(PREFIX)
    assert key["secret"].startswith(key["hint"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["location"] == f"{PATH}/{key['id']}"
    for later in (await user.get(PATH), await user.get(f"{PATH}/{key['id']}"), await user.get(f"{PATH}/export")):
        assert later.status_code == 200
        assert key["secret"] not in later.text
    async with app.state.database.reading() as connection:
        kept = await connection.scalar(select(ApiKey.key_hash))
        trail = str((await connection.execute(text("SELECT after, facts FROM audit_entries"))).all())
    assert len(kept) == 64
    assert key["secret"] not in trail
    assert kept not in trail


async def test_a_repeated_request_does_not_show_the_secret_again(user: httpx.AsyncClient, problem_of: Problem) -> None:
    body, headers = {"name": "x", "scopes": SCOPES}, {"Idempotency-Key": "k-1"}
    assert (await user.post(PATH, json=body, headers=headers)).status_code == 201
    again = problem_of(await user.post(PATH, json=body, headers=headers), 409)
    assert again["code"] == "answer_shown_once"


async def test_a_key_may_what_its_scopes_name_and_nothing_else(
    user: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    key = await make(user)
    assert (await nobody.get(ME, headers=bearing(key))).json() == {"username": "the_user", "permissions": SCOPES}
    assert (await nobody.get("/api/v1/jobs", headers=bearing(key))).status_code == 200
    refused = problem_of(await nobody.get("/api/v1/reports", headers=bearing(key)), 403)
    assert refused["permission"] == "reports.read"


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["users.read"]},
        {"scopes": ["no.such.permission"]},
        {"scopes": []},
        {"scopes": "account.read"},
        {"scopes": SCOPES, "days": 0},
        {"scopes": SCOPES, "days": 367},
        {"scopes": SCOPES, "name": ""},
        {"scopes": SCOPES, "name": "a zero \0 in it"},
        {"scopes": ["a zero \0 in it"]},
    ],
)
async def test_a_key_that_cannot_be_is_refused(
    user: httpx.AsyncClient, problem_of: Problem, wrong: dict[str, Any]
) -> None:
    problem_of(await user.post(PATH, json={"name": "x", **wrong}), 422)


@pytest.mark.parametrize("scope", sorted(NEVER))
async def test_no_key_opens_an_account_to_others(admin: httpx.AsyncClient, problem_of: Problem, scope: str) -> None:
    refused = problem_of(await admin.post(PATH, json={"name": "x", "scopes": [scope]}), 422)
    assert (refused["field"], scope in refused["detail"]) == ("scopes", True)


async def test_even_with_a_scope_written_past_the_program_a_key_makes_no_key_and_changes_no_password(
    app: FastAPI, admin: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    key = await make(admin)
    async with app.state.database.transaction() as session:
        await session.execute(update(ApiKey).values(scopes=[*SCOPES, *NEVER]))
    headers = bearing(key)
    problem_of(await nobody.post(PATH, json={"name": "x", "scopes": SCOPES}, headers=headers), 403)
    problem_of(await nobody.patch("/api/v1/users/the_admin", json={"password": "x" * 20}, headers=headers), 403)
    body = {"current_password": "x", "new_password": "another long password"}
    problem_of(await nobody.post("/api/v1/auth/password", json=body, headers=headers), 403)


async def test_what_its_owner_loses_the_key_loses_at_once(
    app: FastAPI, admin: httpx.AsyncClient, manager: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    key = await make(manager, scopes=["artifacts.read", "jobs.read"])
    assert (await nobody.get("/api/v1/artifacts", headers=bearing(key))).status_code == 200
    assert (await admin.patch("/api/v1/users/the_manager", json={"role": "user"})).status_code == 200
    problem_of(await nobody.get("/api/v1/artifacts", headers=bearing(key)), 403)
    assert (await nobody.get("/api/v1/jobs", headers=bearing(key))).status_code == 200
    assert (await admin.patch("/api/v1/users/the_manager", json={"is_active": False})).status_code == 200
    problem_of(await nobody.get("/api/v1/jobs", headers=bearing(key)), 401)


async def test_a_key_expires(
    user: httpx.AsyncClient, nobody: httpx.AsyncClient, clock: Clock, problem_of: Problem
) -> None:
    key = await make(user, days=2)
    clock.forward(hours=47)
    assert (await nobody.get(ME, headers=bearing(key))).status_code == 200
    clock.forward(hours=2)
    assert problem_of(await nobody.get(ME, headers=bearing(key)), 401)["code"] == "key_invalid"


async def test_a_revoked_key_is_refused_at_once(
    user: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    key = await make(user)
    revoked = await user.post(f"{PATH}/{key['id']}/revoke")
    assert (revoked.status_code, revoked.json()["revoked_reason"]) == (200, "revoked")
    problem_of(await nobody.get(ME, headers=bearing(key)), 401)
    first = revoked.json()["revoked_at"]
    assert (await user.post(f"{PATH}/{key['id']}/revoke")).json()["revoked_at"] == first


@pytest.mark.parametrize("secret", ["opsroom_", "opsroom_made-up", "opsroom_" + "é" * 20, "opsroom_" + "x" * 5000])
async def test_a_key_that_is_none_is_refused(nobody: httpx.AsyncClient, problem_of: Problem, secret: str) -> None:
    answer = await nobody.get(ME, headers=[(b"authorization", f"Bearer {secret}".encode())])
    assert problem_of(answer, 401)["code"] == "key_invalid"


async def test_others_neither_see_nor_revoke_a_key_but_who_looks_after_people_does(
    user: httpx.AsyncClient, manager: httpx.AsyncClient, admin: httpx.AsyncClient, problem_of: Problem
) -> None:
    key = await make(user)
    await make(manager)
    assert [each["id"] for each in (await user.get(PATH)).json()["items"]] == [key["id"]]
    problem_of(await manager.get(f"{PATH}/{key['id']}"), 404)
    problem_of(await manager.post(f"{PATH}/{key['id']}/revoke"), 404)
    assert (await admin.get(PATH)).json()["total"] == 2
    assert (await admin.post(f"{PATH}/{key['id']}/revoke")).status_code == 200


async def test_last_use_is_noted_once_a_minute(
    app: FastAPI, user: httpx.AsyncClient, nobody: httpx.AsyncClient, clock: Clock
) -> None:
    key = await make(user)

    async def use() -> Any:
        assert (await nobody.get(ME, headers=bearing(key))).status_code == 200
        await app.state.last_use.settled()
        return (await user.get(f"{PATH}/{key['id']}")).json()["last_used_at"]

    first = await use()
    assert first is not None
    assert await use() == first
    clock.forward(seconds=61)
    assert await use() > first
    async with app.state.database.reading() as connection:
        query = text("SELECT count(*) FROM audit_entries WHERE table_name = 'api_keys' AND action = 'update'")
        assert await connection.scalar(query) == 0


async def test_what_a_key_did_is_on_record_as_its_owner_s_with_the_key(
    app: FastAPI, admin: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    key = await make(admin, scopes=["webhooks.read", "webhooks.write"])
    body = {"url": "https://hooks.example.com/x", "events": ["*"]}
    assert (await nobody.post("/api/v1/webhooks/endpoints", json=body, headers=bearing(key))).status_code == 201
    log = (await admin.get("/api/v1/audit", params={"table_name": "webhook_endpoints"})).json()["items"]
    assert {(each["user_name"], each["session_id"]) for each in log} == {("the_admin", key["id"])}


async def test_a_person_has_fifty_keys_at_most(app: FastAPI, user: httpx.AsyncClient, problem_of: Problem) -> None:
    first = await make(user)
    async with app.state.database.transaction() as session:
        owner = await session.scalar(select(User.id).where(User.username == "the_user"))
        kept = await session.get_one(ApiKey, UUID(first["id"]))
        for number in range(49):
            row = {"name": "x", "hint": "x", "scopes": [], "expires_at": kept.expires_at, "user_id": owner}
            session.add(ApiKey(key_hash=f"{number:064}", **row))
    assert problem_of(await user.post(PATH, json={"name": "x", "scopes": SCOPES}), 409)["code"] == "many_keys"
    assert (await user.post(f"{PATH}/{first['id']}/revoke")).status_code == 200
    await make(user)


async def test_a_superuser_s_key_may_what_it_names_and_is_no_superuser(
    app: FastAPI, admin: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(update(User).values(is_superuser=True))
    key = await make(admin, scopes=["jobs.read"])
    assert (await nobody.get("/api/v1/jobs", headers=bearing(key))).status_code == 200
    problem_of(await nobody.get("/api/v1/users", headers=bearing(key)), 403)


def test_roles_have_what_never_goes_to_a_key(app: FastAPI) -> None:
    """A misspelt name in the list would protect nothing."""
    assert app.state.role_permissions.of(Role.ADMIN) >= NEVER
    assert timedelta(days=1) < app.state.sign_in_rules.key_lifetime
