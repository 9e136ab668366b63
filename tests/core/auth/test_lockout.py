"""Wrong passwords lock an account for a while; nobody outside learns which, or that there is one."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from tests.core.auth.conftest import PASSWORD, Clock, SignIn

from opsroom.core.auth.doorkeeper import Doorkeeper
from opsroom.core.auth.lockout import Lockout
from opsroom.core.auth.models import User
from opsroom.core.db.engine import Database

ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]
Problem = Callable[[httpx.Response, int], dict[str, Any]]
AT = datetime(2026, 11, 20, tzinfo=UTC)
ATTEMPTS = Lockout().attempts


def minutes(lockout: Lockout, failures: int) -> float | None:
    until = lockout.until(failures, AT)
    return None if until is None else (until - AT) / timedelta(minutes=1)


def test_a_lock_comes_with_the_fifth_failure_and_doubles_up_to_a_day() -> None:
    lockout = Lockout(5, timedelta(minutes=15))
    assert [minutes(lockout, failures) for failures in range(3, 10)] == [None, None, 15, 30, 60, 120, 240]
    assert minutes(lockout, 12) == 1440
    assert minutes(lockout, 10_000) == 1440


def test_a_day_after_a_lock_it_is_forgotten() -> None:
    lockout = Lockout()
    assert lockout.failures_so_far(7, AT, AT + timedelta(hours=23)) == 7
    assert lockout.failures_so_far(7, AT, AT + timedelta(hours=25)) == 0
    assert lockout.failures_so_far(3, None, AT) == 3


async def lock(sign_in: SignIn, username: str = "wanjiru") -> None:
    for number in range(ATTEMPTS):
        assert (await sign_in(username, f"guess {number}")).status_code == 401


async def events(database: Database, like: str = "auth.%") -> list[str]:
    query = text("SELECT event FROM audit_entries WHERE event LIKE :like ORDER BY id")
    async with database.reading() as connection:
        return list((await connection.execute(query, {"like": like})).scalars())


async def test_whoever_is_refused_is_told_the_same(
    app: FastAPI, sign_in: SignIn, wanjiru: str, problem_of: Problem, verifications: list[str]
) -> None:
    async with app.state.database.transaction() as session:
        other = await session.get_one(User, (await session.scalars(select(User.id))).one())
        session.add(User(username="gone", password_hash=other.password_hash, is_active=False))
    wrong = problem_of(await sign_in("wanjiru", "wrong"), 401)
    answers = [problem_of(await sign_in("nobody-of-that-name", PASSWORD), 401)]
    answers.append(problem_of(await sign_in("a zero \0 in it", PASSWORD), 401))
    answers.append(problem_of(await sign_in("gone"), 401))
    await lock(sign_in)
    answers.append(problem_of(await sign_in("wanjiru"), 401))
    for answer in answers:
        assert {**answer, "request_id": ""} == {**wrong, "request_id": ""}


@pytest.mark.parametrize("state", ["right", "wrong", "unknown", "inactive", "locked"])
async def test_a_password_is_compared_exactly_once(
    app: FastAPI, sign_in: SignIn, wanjiru: str, verifications: list[str], state: str
) -> None:
    if state == "locked":
        await lock(sign_in)
    if state == "inactive":
        async with app.state.database.transaction() as session:
            await session.execute(update(User).values(is_active=False))
    del verifications[:]
    password = "a wrong password" if state == "wrong" else PASSWORD
    answer = await sign_in("nobody" if state == "unknown" else "wanjiru", password)
    assert answer.status_code == (200 if state == "right" else 401)
    assert verifications == [password]


async def test_a_locked_account_takes_no_password_until_the_time_is_over(
    app: FastAPI, sign_in: SignIn, wanjiru: str, clock: Clock
) -> None:
    await lock(sign_in)
    assert (await sign_in("wanjiru")).status_code == 401
    clock.forward(minutes=14)
    assert (await sign_in("wanjiru", "a guess while it is locked does not prolong it")).status_code == 401
    clock.forward(minutes=1, seconds=1)
    assert (await sign_in("wanjiru")).status_code == 200
    await lock(sign_in)
    assert (await events(app.state.database, "auth.account.%")) == ["auth.account.locked"] * 2


async def test_the_next_failure_after_a_lock_brings_a_longer_one(sign_in: SignIn, wanjiru: str, clock: Clock) -> None:
    await lock(sign_in)
    clock.forward(minutes=16)
    assert (await sign_in("wanjiru", "wrong")).status_code == 401
    clock.forward(minutes=16)
    assert (await sign_in("wanjiru")).status_code == 401, "locked for thirty minutes"
    clock.forward(minutes=15)
    assert (await sign_in("wanjiru")).status_code == 200


async def test_a_right_password_forgets_wrong_ones(sign_in: SignIn, wanjiru: str) -> None:
    for _ in range(2):
        for number in range(ATTEMPTS - 1):
            await sign_in("wanjiru", f"guess {number}")
        assert (await sign_in("wanjiru")).status_code == 200


async def test_attempts_and_locks_are_on_record_with_their_reason(app: FastAPI, sign_in: SignIn, wanjiru: str) -> None:
    await lock(sign_in)
    await sign_in("wanjiru")
    await sign_in("nobody")
    assert await events(app.state.database, "auth.sign_in.refused") == ["auth.sign_in.refused"] * (ATTEMPTS + 2)
    async with app.state.database.reading() as connection:
        query = text("SELECT facts FROM audit_entries WHERE event = 'auth.sign_in.refused' ORDER BY id")
        facts = [str(each) for each in (await connection.execute(query)).scalars()]
    assert "wrong password" in facts[0]
    assert "locked" in facts[-2]
    assert "unknown name" in facts[-1]


async def test_a_sign_in_after_a_failure_is_on_record_as_the_person_s_own(
    app: FastAPI, sign_in: SignIn, wanjiru: str
) -> None:
    await sign_in("wanjiru", "wrong")
    assert (await sign_in("wanjiru")).status_code == 200
    async with app.state.database.reading() as connection:
        query = text("SELECT DISTINCT user_name FROM audit_log WHERE table_name = 'sessions'")
        assert list((await connection.execute(query)).scalars()) == ["wanjiru"]


async def test_a_lock_tells_whoever_wants_to_know(admin: httpx.AsyncClient, sign_in: SignIn, wanjiru: str) -> None:
    endpoint = {"url": "https://hooks.example.com/x", "events": ["auth.account.*"]}
    assert (await admin.post("/api/v1/webhooks/endpoints", json=endpoint)).status_code == 201
    await lock(sign_in)
    (delivery,) = (await admin.get("/api/v1/webhooks/deliveries")).json()["items"]
    assert delivery["event_type"] == "auth.account.locked"
    assert delivery["payload"]["data"]["username"] == "wanjiru"


async def test_of_many_guesses_at_once_none_is_right_once_the_account_is_locked(app: FastAPI, wanjiru: str) -> None:
    """All are compared before any is decided; the right one comes last, and too late."""
    keeper: Doorkeeper = app.state.doorkeeper
    guesses = [await keeper.verify("wanjiru", f"guess {number}") for number in range(ATTEMPTS)]
    right = await keeper.verify("wanjiru", PASSWORD)
    assert right.right

    async def decide(attempt: Any) -> bool:
        async with app.state.database.transaction() as session:
            return (await keeper.decide(session, attempt)).user is not None

    assert await asyncio.gather(*(decide(each) for each in guesses)) == [False] * ATTEMPTS
    assert await decide(right) is False
    async with app.state.database.reading() as connection:
        assert await connection.scalar(select(User.failed_sign_ins)) == ATTEMPTS


async def test_a_lock_holds_on_every_server(app: FastAPI, settings: Any, sign_in: SignIn, wanjiru: str) -> None:
    await lock(sign_in)
    other = Database(settings.database)
    keeper = Doorkeeper(other, Lockout(), app.state.doorkeeper.tell)
    attempt = await keeper.verify("wanjiru", PASSWORD)
    async with other.transaction() as session:
        assert (await keeper.decide(session, attempt)).user is None
    await other.close()


@pytest.mark.parametrize("door", ["token", "console", "password"])
async def test_while_a_password_is_compared_others_write(
    app: FastAPI,
    client_for: ClientFor,
    sign_in: SignIn,
    wanjiru: str,
    monkeypatch: pytest.MonkeyPatch,
    door: str,
) -> None:
    token = (await sign_in("wanjiru")).json()["access_token"]
    nobody = await client_for(None)
    written: list[str] = []

    async def write_meanwhile(_password: str, _password_hash: str | None) -> bool:
        async with asyncio.timeout(60), app.state.database.transaction() as session:
            await session.execute(update(User).values(email="w@example.org"))
        written.append("yes")
        return False

    monkeypatch.setattr("opsroom.core.auth.doorkeeper.verify_password", write_meanwhile)
    form = {"username": "wanjiru", "password": PASSWORD}
    if door == "token":
        answer = await nobody.post("/api/v1/auth/token", data=form)
    elif door == "console":
        answer = await nobody.post("/console/sign-in", data=form)
    else:
        body = {"current_password": PASSWORD, "new_password": "another long password"}
        answer = await nobody.post("/api/v1/auth/password", json=body, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, written) == (401, ["yes"])


async def test_an_administrator_unlocks(
    app: FastAPI, admin: httpx.AsyncClient, manager: httpx.AsyncClient, sign_in: SignIn, wanjiru: str
) -> None:
    await lock(sign_in)
    assert (await admin.get("/api/v1/users/wanjiru")).json()["locked_until"] is not None
    assert (await manager.post("/api/v1/users/wanjiru/unlock")).status_code == 403
    assert (await admin.post("/api/v1/users/wanjiru/unlock")).status_code == 204
    assert (await admin.get("/api/v1/users/wanjiru")).json()["locked_until"] is None
    assert (await sign_in("wanjiru")).status_code == 200
    assert (await events(app.state.database, "auth.account.unlocked")) == ["auth.account.unlocked"]
    assert (await admin.post("/api/v1/users/nobody/unlock")).status_code == 404


async def test_a_lock_leaves_open_sign_ins_and_keys_alone(
    nobody: httpx.AsyncClient, sign_in: SignIn, wanjiru: str
) -> None:
    """Or anybody could throw out anybody."""
    headers = {"Authorization": f"Bearer {(await sign_in('wanjiru')).json()['access_token']}"}
    await lock(sign_in)
    assert (await nobody.get("/api/v1/auth/me", headers=headers)).status_code == 200
