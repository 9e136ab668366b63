"""What is in the trail stays in the trail."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from opsroom.core.audit.events import Event, record
from opsroom.core.audit.models import Action
from opsroom.core.auth.models import User
from opsroom.core.db.engine import Database

Trail = Any
SEEN = Event("tests.thing.seen", Action.ACCESS)
TABLES = ("audit_transactions", "audit_entries")


@pytest.fixture
async def before(database: Database, trail: Trail) -> list[dict[str, Any]]:
    async with database.transaction() as session:
        session.add(User(username="wanjiru", password_hash="x"))
        await record(session, SEEN)
    entries: list[dict[str, Any]] = await trail()
    assert len(entries) == 2
    return entries


async def refused(database: Database, sql: str) -> None:
    with pytest.raises(DBAPIError, match="refused"):
        async with database.transaction() as session:
            await session.execute(text(sql))


@pytest.mark.parametrize("table", TABLES)
async def test_nothing_is_changed_or_removed(
    database: Database, trail: Trail, before: list[dict[str, Any]], table: str
) -> None:
    await refused(database, f"UPDATE {table} SET id = id + 1000")
    await refused(database, f"DELETE FROM {table}")
    if database.is_postgresql:
        await refused(database, f"TRUNCATE {table}")
    assert await trail() == before


@pytest.mark.parametrize(
    "values", ["'guess', 'info'", "'access', 'loud'", "'', 'info'", "'Access', 'info'", "NULL, 'info'"]
)
async def test_an_event_of_an_unknown_action_or_level_is_refused(
    database: Database, trail: Trail, before: list[dict[str, Any]], values: str
) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(
                text(f"INSERT INTO audit_log (action, level, event) VALUES ({values}, 'tests.thing.seen')")
            )
    assert await trail() == before


async def test_an_event_without_a_level_is_information(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO audit_log (action, event) VALUES ('sign', 'tests.thing.seen')"))
    (entry,) = await trail()
    assert (entry["action"], entry["level"]) == ("sign", "info")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", TABLES)
async def test_nothing_is_overwritten(
    database: Database, trail: Trail, before: list[dict[str, Any]], table: str
) -> None:
    await refused(database, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    async with database.writer.connect() as connection:
        # As a client would who leaves recursive triggers off, where REPLACE deletes without asking anybody.
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.rollback()
        await driver.execute("PRAGMA recursive_triggers=OFF")
        try:
            with pytest.raises(Exception, match="append-only"):
                await driver.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        finally:
            await driver.execute("PRAGMA recursive_triggers=ON")
    assert await trail() == before


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_audited_table_cannot_be_truncated(database: Database) -> None:
    await refused(database, "TRUNCATE artifacts CASCADE")
