"""Permissions of one person beside those of the role."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update

from opsroom.core.auth.models import Role, User
from opsroom.core.auth.roles import PERSONAL, bundle

Problem = Callable[[httpx.Response, int], dict[str, Any]]
GRANTS = "/api/v1/users/the_user/grants"
AUDIT = {"permission": "audit.read"}


async def test_a_grant_opens_one_thing_and_ends_with_the_next_request(
    admin: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem
) -> None:
    problem_of(await user.get("/api/v1/audit"), 403)
    assert (await admin.post(GRANTS, json=AUDIT)).status_code == 204
    assert (await admin.post(GRANTS, json=AUDIT)).status_code == 204
    assert (await user.get("/api/v1/audit")).status_code == 200
    problem_of(await user.get("/api/v1/users"), 403)
    assert "audit.read" in (await user.get("/api/v1/auth/me")).json()["permissions"]
    assert (await admin.get("/api/v1/users/the_user")).json()["grants"] == ["audit.read"]
    holders = await admin.get("/api/v1/users", params={"grants__contains": "audit.read"})
    assert [each["username"] for each in holders.json()["items"]] == ["the_user"]
    assert (await admin.delete(f"{GRANTS}/audit.read")).status_code == 204
    problem_of(await user.get("/api/v1/audit"), 403)
    problem_of(await admin.delete(f"{GRANTS}/audit.read"), 404)


async def test_grants_are_configuration_in_the_trail(
    app: FastAPI, admin: httpx.AsyncClient, user: httpx.AsyncClient
) -> None:
    await admin.post(GRANTS, json=AUDIT)
    await admin.delete(f"{GRANTS}/audit.read")
    query = "SELECT event, action FROM audit_entries WHERE event LIKE 'auth.permission.%' ORDER BY id"
    async with app.state.database.reading() as connection:
        found = [tuple(row) for row in (await connection.execute(text(query))).all()]
    assert found == [("auth.permission.granted", "configure"), ("auth.permission.withdrawn", "configure")]
    history = (await admin.get("/api/v1/users/the_user/history")).json()["items"]
    assert [each["after"]["grants"] for each in history if "grants" in (each["before"] or {})] == [["audit.read"], []]


@pytest.mark.parametrize(
    ("path", "permission", "status"),
    [(GRANTS, "no.such.thing", 422), (GRANTS, "", 422), ("/api/v1/users/nobody/grants", "audit.read", 404)],
)
async def test_what_cannot_be_granted_is_refused(
    admin: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem, path: str, permission: str, status: int
) -> None:
    problem_of(await admin.post(path, json={"permission": permission}), status)


async def test_nobody_grants_to_themselves_and_others_may_not_grant_at_all(
    admin: httpx.AsyncClient, manager: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem
) -> None:
    own = problem_of(await admin.post("/api/v1/users/the_admin/grants", json=AUDIT), 403)
    assert own["code"] == "own_grant"
    problem_of(await manager.post(GRANTS, json=AUDIT), 403)


async def test_a_change_of_the_record_grants_nothing(admin: httpx.AsyncClient, user: httpx.AsyncClient) -> None:
    await admin.patch("/api/v1/users/the_user", json={"grants": ["audit.read"], "email": "u@example.org"})
    assert (await admin.get("/api/v1/users/the_user")).json()["grants"] == []


async def test_a_grant_of_an_app_that_is_gone_counts_for_nothing(app: FastAPI, user: httpx.AsyncClient) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(update(User).values(grants=["gone.things.write"]))
    assert "gone.things.write" not in (await user.get("/api/v1/auth/me")).json()["permissions"]


async def test_a_key_may_have_what_was_granted_in_person(
    app: FastAPI, admin: httpx.AsyncClient, user: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    await admin.post(GRANTS, json=AUDIT)
    key = (await user.post("/api/v1/api-keys", json={"name": "x", "scopes": ["audit.read"]})).json()
    headers = {"Authorization": f"Bearer {key['secret']}"}
    assert (await nobody.get("/api/v1/audit", headers=headers)).status_code == 200
    await admin.delete(f"{GRANTS}/audit.read")
    assert (await nobody.get("/api/v1/audit", headers=headers)).status_code == 403
    async with app.state.database.reading() as connection:
        assert await connection.scalar(select(User.grants).where(User.username == "the_user")) == []


def test_what_is_personal_no_role_has() -> None:
    roles = bundle([{Role.USER: frozenset({"a.b.read"}), PERSONAL: frozenset({"a.b.release"})}])
    assert roles.of(Role.ADMIN) == {"a.b.read"}
    assert roles.known == {"a.b.read", "a.b.release"}
    assert roles.of(Role.USER, ["a.b.release", "gone.x.write"]) == {"a.b.read", "a.b.release"}
