"""Whoever writes the headers of a request writes text into the trail, and nothing else."""

from dataclasses import fields
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from opsroom.core.auth.models import User
from opsroom.core.db.engine import Database
from opsroom.core.db.origin import AGENT_LIMIT, LIMITS, REASON_LIMIT, Origin, acting

Trail = Any
EVIL = [
    "'; DROP TABLE audit_entries; --",
    '"},{"user_name":"admin"',
    "$$; DELETE FROM audit_entries; $$",
    "\\'; SELECT pg_sleep(10); --",
    "zero \0 in the middle",
    "half a pair \ud800 of surrogates",
    "\r\nline\x1b[31m breaks",
    "Größe ☃ 🙂",
    "%s :name {0} ?",
]


@pytest.mark.parametrize("evil", EVIL)
async def test_odd_text_arrives_as_text(database: Database, trail: Trail, evil: str) -> None:
    with acting(Origin(user_name=evil, ip=evil, user_agent=evil, request_id=evil, reason=evil)):
        async with database.transaction() as session:
            session.add(User(username="wanjiru", password_hash="x"))
    (entry,) = await trail()
    stored = evil.replace("\0", "\N{REPLACEMENT CHARACTER}").replace("\ud800", "?")
    assert {entry[name] for name in ("user_name", "ip", "user_agent", "request_id", "reason")} == {stored}
    assert entry["user_id"] is None


async def test_an_agent_of_a_megabyte_is_cut(database: Database, trail: Trail) -> None:
    with acting(Origin(user_agent="a" * 1_000_000, reason="ü" * 1_000_000)):
        async with database.transaction() as session:
            session.add(User(username="wanjiru", password_hash="x"))
    (entry,) = await trail()
    assert entry["user_agent"] == "a" * AGENT_LIMIT
    assert entry["reason"] == "ü" * REASON_LIMIT


async def test_headers_of_a_request_reach_the_trail_as_typed(
    admin: httpx.AsyncClient, database: Database, trail: Trail
) -> None:
    person = {"username": "otieno", "password": "a long enough password"}
    headers = {
        "User-Agent": "'; --" + "x" * 1_000_000,
        "X-Reason": "Größe o'Brien's".encode(),
        "X-Request-ID": "a" * 64,
    }
    answer = await admin.post("/api/v1/users", json=person, headers=headers)  # type: ignore[arg-type]  # bytes are allowed
    assert answer.status_code == 201, answer.text
    created = next(entry for entry in await trail() if entry["event"] == "users.created")
    assert created["user_name"] == "the_admin"
    assert created["session_id"] is not None
    assert created["user_agent"] == ("'; --" + "x" * 1_000_000)[:AGENT_LIMIT]
    assert created["reason"] == "Größe o'Brien's"
    assert created["request_id"] == "a" * 64
    assert created["ip"] == "127.0.0.1"
    assert created["user_id"] is not None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nobody_can_write_under_the_header_of_another_transaction(database: Database, trail: Trail) -> None:
    """The marker that spares a transaction its second header can be set by anybody who may type SQL."""
    with acting(Origin(user_name="wanjiru")):
        async with database.transaction() as session:
            session.add(User(username="first", password_hash="x"))
    (first,) = await trail()
    with acting(Origin(user_name="otieno")):
        async with database.transaction() as session:
            await session.execute(text(f"SET LOCAL opsroom.transaction = '{first['transaction_id']}'"))
            session.add(User(username="second", password_hash="x"))
    assert [entry["user_name"] for entry in await trail()] == ["wanjiru", "otieno"]


async def test_each_transaction_is_of_the_person_it_began_with(database: Database, trail: Trail) -> None:
    """Connections are used again; nothing of the last transaction may stay."""
    for name in ("wanjiru", "otieno"):
        with acting(Origin(user_name=name, reason=f"{name}'s reason")):
            async with database.transaction() as session:
                session.add(User(username=name, password_hash="x"))
    async with database.transaction() as session:
        session.add(User(username="nobody", password_hash="x"))
    entries = await trail()
    assert [entry["user_name"] for entry in entries] == ["wanjiru", "otieno", "system"]
    assert [entry["reason"] for entry in entries] == ["wanjiru's reason", "otieno's reason", None]
    assert len({entry["transaction_id"] for entry in entries}) == 3


def test_nothing_that_an_origin_knows_is_left_behind() -> None:
    assert list(LIMITS) == [field.name for field in fields(Origin)]
