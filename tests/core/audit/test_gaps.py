"""Somebody who owns the database can switch the recording off; it does not go unseen."""

import pytest
from sqlalchemy import text

from opsroom.core.audit.check import gaps
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database


async def gaps_of(database: Database) -> list[str]:
    async with database.reading() as connection:
        return await connection.run_sync(gaps, Base.metadata)


async def tamper(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


async def test_a_migrated_database_has_no_gaps(database: Database) -> None:
    assert await gaps_of(database) == []


async def test_a_dropped_trigger_is_a_gap(database: Database) -> None:
    on_table = " ON users" if database.is_postgresql else ""
    name = "audit_update" if database.is_postgresql else "audit_users_update"
    await tamper(database, f"DROP TRIGGER {name}{on_table}")
    shown = "users.audit_update" if database.is_postgresql else "audit_users_update"
    assert await gaps_of(database) == [f"{shown} is not active"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", ["DISABLE TRIGGER audit_update", "ENABLE TRIGGER audit_update"])
async def test_a_trigger_that_is_not_always_on_is_a_gap(database: Database, how: str) -> None:
    await tamper(database, f"ALTER TABLE users {how}")
    assert await gaps_of(database) == ["users.audit_update is not active"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_function_that_records_nothing_is_a_gap(database: Database) -> None:
    await tamper(
        database,
        "CREATE OR REPLACE FUNCTION opsroom_audit_users() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$",
    )
    assert await gaps_of(database) == ["opsroom_audit_users is not what it should be"]


async def test_a_trigger_of_the_same_name_that_does_something_else_is_a_gap(database: Database) -> None:
    create: tuple[str, ...]
    if database.is_postgresql:
        create = (
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            "CREATE OR REPLACE TRIGGER audit_update AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION nothing()",
            "ALTER TABLE users ENABLE ALWAYS TRIGGER audit_update",
        )
    else:
        create = (
            "DROP TRIGGER audit_users_update",
            "CREATE TRIGGER audit_users_update AFTER UPDATE ON users BEGIN SELECT 1; END",
        )
    await tamper(database, *create)
    shown = "users.audit_update" if database.is_postgresql else "audit_users_update"
    assert await gaps_of(database) == [f"{shown} is not what it should be"]


async def test_the_trail_itself_is_watched(database: Database) -> None:
    on_table = " ON audit_entries" if database.is_postgresql else ""
    name = "audit_append_only" if database.is_postgresql else "audit_append_only_audit_entries_delete"
    await tamper(database, f"DROP TRIGGER {name}{on_table}")
    shown = "audit_entries.audit_append_only" if database.is_postgresql else name
    assert await gaps_of(database) == [f"{shown} is not active"]
