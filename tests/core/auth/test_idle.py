"""A console that nobody uses is signed out."""

import httpx
from fastapi import FastAPI
from sqlalchemy import select, text
from tests.core.auth.conftest import PASSWORD, Clock

from opsroom.core.auth.models import Session


async def enter(client: httpx.AsyncClient) -> None:
    form = {"username": "wanjiru", "password": PASSWORD}
    assert (await client.post("/console/sign-in", data=form)).status_code == 303


async def see(client: httpx.AsyncClient) -> int:
    return (await client.get("/console/account")).status_code


async def test_a_console_that_stands_idle_is_signed_out(nobody: httpx.AsyncClient, wanjiru: str, clock: Clock) -> None:
    await enter(nobody)
    clock.forward(hours=7, minutes=59)
    assert await see(nobody) == 200
    clock.forward(hours=8, minutes=1)
    assert await see(nobody) == 303


async def test_whoever_works_stays(app: FastAPI, nobody: httpx.AsyncClient, wanjiru: str, clock: Clock) -> None:
    await enter(nobody)
    for _ in range(4):
        clock.forward(hours=7)
        assert await see(nobody) == 200
        await app.state.last_use.settled()
    async with app.state.database.reading() as connection:
        assert await connection.scalar(select(Session.last_seen_at)) is not None
        changed = text("SELECT count(*) FROM audit_entries WHERE table_name = 'sessions' AND action = 'update'")
        assert await connection.scalar(changed) == 0


async def test_requests_within_a_minute_write_nothing(
    app: FastAPI, nobody: httpx.AsyncClient, wanjiru: str, clock: Clock
) -> None:
    await enter(nobody)
    async with app.state.database.reading() as connection:
        before = await connection.scalar(select(Session.version))
    clock.forward(seconds=50)
    assert await see(nobody) == 200
    await app.state.last_use.settled()
    async with app.state.database.reading() as connection:
        assert await connection.scalar(select(Session.version)) == before
