"""Passwords that are replaced: by oneself, by an administrator, or because they are old."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.core.auth.conftest import PASSWORD, Clock, SignIn

from opsroom.core.actor import SYSTEM
from opsroom.core.auth.actions import create_sign_in_link
from opsroom.core.auth.models import User
from opsroom.core.auth.people import person_to_change
from opsroom.core.auth.standing import SignInRules

Problem = Callable[[httpx.Response, int], dict[str, Any]]
NEW = "another long password"
ME = "/api/v1/auth/me"


def test_the_program_s_own_hashes_are_costly() -> None:
    """Those of the tests are not, so it is looked at from outside."""
    program = "from opsroom.core.auth import passwords as p; print(p._hash_of_nobody(), p._hasher.hash('x'))"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert [each.rpartition("$")[0].rpartition("$")[0] for each in printed.split()] == [
        "$argon2id$v=19$m=65536,t=3,p=4"
    ] * 2


async def headers_of(sign_in: SignIn, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": f"Bearer {(await sign_in('wanjiru', password)).json()['access_token']}"}


async def key_of(nobody: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, str]:
    made = await nobody.post("/api/v1/api-keys", json={"name": "x", "scopes": ["account.read"]}, headers=headers)
    return {"Authorization": f"Bearer {made.json()['secret']}"}


@pytest.mark.parametrize("way", ["reset", "patch"])
async def test_a_reset_ends_sign_ins_links_and_keys_and_asks_for_another_password(
    app: FastAPI,
    admin: httpx.AsyncClient,
    nobody: httpx.AsyncClient,
    sign_in: SignIn,
    wanjiru: str,
    problem_of: Problem,
    way: str,
) -> None:
    headers = await headers_of(sign_in)
    key = await key_of(nobody, headers)
    async with app.state.database.transaction() as session:
        link = await create_sign_in_link(session, (await person_to_change(session, SYSTEM, "wanjiru")).id)
    if way == "reset":
        answer = await admin.post("/api/v1/users/wanjiru/password-reset")
        assert answer.headers["cache-control"] == "no-store"
        given = answer.json()["password"]
    else:
        given = "given by the administrator"
        assert (await admin.patch("/api/v1/users/wanjiru", json={"password": given})).status_code == 200
    for old in (headers, key):
        problem_of(await nobody.get(ME, headers=old), 401)
    assert (await nobody.post("/console/sign-in", data={"link": link})).status_code == 401
    problem_of(await sign_in("wanjiru"), 401)

    bound = await headers_of(sign_in, given)
    refused = problem_of(await nobody.get("/api/v1/jobs", headers=bound), 403)
    assert refused["code"] == "password_change_needed"
    same = {"current_password": given, "new_password": given}
    problem_of(await nobody.post("/api/v1/auth/password", json=same, headers=bound), 422)
    change = {"current_password": given, "new_password": NEW}
    assert (await nobody.post("/api/v1/auth/password", json=change, headers=bound)).status_code == 204
    free = await headers_of(sign_in, NEW)
    assert (await nobody.get("/api/v1/jobs", headers=free)).status_code == 200


async def test_a_reset_unlocks(admin: httpx.AsyncClient, sign_in: SignIn, wanjiru: str) -> None:
    for _ in range(5):
        await sign_in("wanjiru", "wrong")
    given = (await admin.post("/api/v1/users/wanjiru/password-reset")).json()["password"]
    assert (await sign_in("wanjiru", given)).status_code == 200


async def test_one_s_own_new_password_ends_sign_ins_and_lets_keys_go_on(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    headers = await headers_of(sign_in)
    key = await key_of(nobody, headers)
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert (await nobody.post("/api/v1/auth/password", json=change, headers=headers)).status_code == 204
    problem_of(await nobody.get(ME, headers=headers), 401)
    assert (await nobody.get(ME, headers=key)).status_code == 200


async def test_wrong_present_passwords_lock_as_well(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    headers = await headers_of(sign_in)
    for _ in range(5):
        change = {"current_password": "wrong", "new_password": NEW}
        problem_of(await nobody.post("/api/v1/auth/password", json=change, headers=headers), 401)
    change = {"current_password": PASSWORD, "new_password": NEW}
    problem_of(await nobody.post("/api/v1/auth/password", json=change, headers=headers), 401)


async def test_an_old_password_has_to_be_changed_where_the_house_says_so(
    app: FastAPI, nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, clock: Clock, problem_of: Problem
) -> None:
    app.state.sign_in_rules = SignInRules(password_age=timedelta(days=90))
    assert (await nobody.get("/api/v1/jobs", headers=await headers_of(sign_in))).status_code == 200
    clock.forward(days=91)
    bound = await headers_of(sign_in)
    assert problem_of(await nobody.get("/api/v1/jobs", headers=bound), 403)["code"] == "password_change_needed"
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert (await nobody.post("/api/v1/auth/password", json=change, headers=bound)).status_code == 204
    assert (await nobody.get("/api/v1/jobs", headers=await headers_of(sign_in, NEW))).status_code == 200


async def test_only_a_superuser_resets_a_superuser(app: FastAPI, admin: httpx.AsyncClient, wanjiru: str) -> None:
    async with app.state.database.transaction() as session:
        (await person_to_change(session, SYSTEM, "wanjiru")).is_superuser = True
    for verb in ("password-reset", "unlock"):
        answer = await admin.post(f"/api/v1/users/wanjiru/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (403, "superuser_only")


async def test_a_superuser_who_has_to_change_the_password_may_nothing_else(
    app: FastAPI, nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    async with app.state.database.transaction() as session:
        user = await session.get_one(User, (await person_to_change(session, SYSTEM, "wanjiru")).id)
        user.is_superuser = user.must_change_password = True
    problem_of(await nobody.get("/api/v1/users", headers=await headers_of(sign_in)), 403)
