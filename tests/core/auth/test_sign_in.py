"""Signing in: tokens, rotation, reuse, and the end of a session."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.core.auth.conftest import PASSWORD, SignIn

from opsroom.core.auth.actions import create_sign_in_link, create_user, use_sign_in_link
from opsroom.core.auth.models import Role
from opsroom.core.errors import Unauthenticated

Problem = Callable[[httpx.Response, int], dict[str, Any]]


async def test_a_right_password_gives_tokens_that_open_the_api(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str
) -> None:
    pair = (await sign_in(wanjiru)).json()
    me = await nobody.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair['access_token']}"})
    assert me.status_code == 200
    assert me.json()["username"] == "wanjiru"
    assert pair["expires_in"] == 1800


async def test_wrong_password_and_unknown_user_get_the_same_answer(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    wrong = problem_of(await sign_in(wanjiru, "not the password"), 401)
    unknown = problem_of(await sign_in("nobody-of-that-name", "not the password"), 401)
    assert wrong["detail"] == unknown["detail"]
    assert wrong["code"] == unknown["code"] == "wrong_credentials"


async def test_a_refresh_token_works_once_and_its_replay_ends_the_sign_in(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    first = (await sign_in(wanjiru)).json()
    second = await nobody.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    replay = await nobody.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert problem_of(replay, 401)["code"] == "refresh_invalid"
    for pair in (first, second.json()):
        me = await nobody.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair['access_token']}"})
        assert problem_of(me, 401)["code"] == "session_ended"


async def test_of_two_refreshes_at_once_one_wins_and_the_other_ends_the_sign_in(
    app: FastAPI, nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str
) -> None:
    """Which of the two is the thief's cannot be told, so neither goes on."""
    first = (await sign_in(wanjiru)).json()
    body = {"refresh_token": first["refresh_token"]}
    answers = await asyncio.gather(*(nobody.post("/api/v1/auth/refresh", json=body) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    again = await nobody.post("/api/v1/auth/refresh", json={"refresh_token": won["refresh_token"]})
    assert again.status_code == 401
    me = await nobody.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {won['access_token']}"})
    assert me.status_code == 401
    async with app.state.database.reading() as connection:
        replayed = "SELECT count(*) FROM audit_entries WHERE event = 'auth.refresh_token.replayed'"
        assert await connection.scalar(text(replayed)) == 1


async def test_sign_out_ends_the_access_token_at_once(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    headers = {"Authorization": f"Bearer {(await sign_in(wanjiru)).json()['access_token']}"}
    assert (await nobody.post("/api/v1/auth/sign-out", headers=headers)).status_code == 204
    problem_of(await nobody.get("/api/v1/auth/me", headers=headers), 401)


async def test_a_forged_token_is_refused(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    token = (await sign_in(wanjiru)).json()["access_token"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    answer = await nobody.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {forged}"})
    assert problem_of(answer, 401)["code"] == "token_invalid"


async def test_a_short_new_password_is_refused(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str, problem_of: Problem
) -> None:
    headers = {"Authorization": f"Bearer {(await sign_in(wanjiru)).json()['access_token']}"}
    body = {"current_password": PASSWORD, "new_password": "short"}
    answer = await nobody.post("/api/v1/auth/password", headers=headers, json=body)
    assert "new_password" in problem_of(answer, 422)["detail"]


async def test_a_sign_in_link_works_once(app: FastAPI) -> None:
    async with app.state.database.transaction() as session:
        person = await create_user(session, "otieno", PASSWORD, Role.USER)
        token = await create_sign_in_link(session, person.id)
    async with app.state.database.transaction() as session:
        assert (await use_sign_in_link(session, token)).username == "otieno"
    with pytest.raises(Unauthenticated, match="used already"):
        async with app.state.database.transaction() as session:
            await use_sign_in_link(session, token)
