"""Writes of one statement: those that wait at the same moment are committed together, and each is still by itself."""

import asyncio
import sqlite3
from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from opsroom.core.db.engine import Database
from opsroom.core.db.origin import Origin, acting

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
INSERT = "INSERT INTO stores (id, external_id, site) VALUES (?, ?, ?) RETURNING external_id"


def writing(database: Database, name: str, site: int) -> Awaitable[Any]:
    assert database.alone is not None
    return asyncio.ensure_future(database.alone.fetch(INSERT, (uuid4().hex, name, site)))


async def commits_of(database: Database) -> list[str]:
    """What the writing connection is told from now on to commit."""
    seen: list[str] = []
    async with database.writer.connect() as pooled:
        driver: Any = (await pooled.get_raw_connection()).driver_connection
        await driver.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


async def names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return list((await connection.scalars(text("SELECT external_id FROM stores ORDER BY site"))).all())


@sqlite_only
async def test_those_that_wait_share_a_commit(database: Database) -> None:
    commits = await commits_of(database)
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        waiting = [writing(database, f"S-{number}", number) for number in range(20)]
        await asyncio.sleep(0)
        assert await names(database) == []
    assert [rows[0][0] for rows in await asyncio.gather(*waiting)] == [f"S-{number}" for number in range(20)]
    assert await names(database) == [f"S-{number}" for number in range(20)]
    assert len(commits) == 2  # the unit of work's, and one for all that waited


@sqlite_only
async def test_what_breaks_one_breaks_no_other(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        waiting = [writing(database, name, site) for site, name in enumerate(["a", "b", "a", "c"])]
        assert database.alone is not None
        waiting.append(asyncio.ensure_future(database.alone.fetch("INSERT INTO nowhere VALUES (?)", (1,))))
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in outcomes] == [list, list, sqlite3.IntegrityError, list, sqlite3.OperationalError]
    assert await names(database) == ["a", "b", "c"]


@sqlite_only
async def test_each_is_on_the_trail_as_its_own_by_whom_it_was_asked(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        waiting = []
        for site, name in enumerate(["ann", "bob", "eve"]):
            with acting(Origin(user_name=name)):
                waiting.append(writing(database, f"of {name}", site))
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    query = (
        "SELECT t.user_name FROM audit_entries e JOIN audit_transactions t ON t.id = e.transaction_id "
        "WHERE e.table_name = 'stores' ORDER BY e.id"
    )
    async with database.reading() as connection:
        found = (await connection.scalars(text(query))).all()
    assert found == ["ann", "bob", "eve"]


@sqlite_only
async def test_one_whose_asker_went_away_holds_up_no_other(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        gone, waits = asyncio.ensure_future(writing(database, "gone", 1)), writing(database, "waits", 2)
        await asyncio.sleep(0)
        gone.cancel()
    assert (await waits)[0][0] == "waits"
    assert "waits" in await names(database)
