"""Clients other than this program: refused where they cannot say who they are, else named as what they are."""

import sqlite3
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from opsroom.core.auth.models import User
from opsroom.core.db.engine import Database

Trail = Any
NEW_USER = "INSERT INTO users (id, username, password_hash, role) VALUES ('{}', 'stranger', 'x', 'user')"


def driver_url(database: Database) -> str:
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


async def after_setting(database: Database, setting: str, sql: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(f"SET LOCAL {setting}"))
        await session.execute(text(sql))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_another_client_of_sqlite_cannot_write(database: Database, trail: Trail) -> None:
    connection = sqlite3.connect(database.url.database or "")
    try:
        with pytest.raises(sqlite3.OperationalError, match="app_ctx"):
            connection.execute(NEW_USER.format(uuid4().hex))
        with pytest.raises(sqlite3.OperationalError, match="app_ctx"):
            connection.execute("INSERT INTO audit_log (action, event) VALUES ('access', 'a.b.c')")
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
    finally:
        connection.close()
    assert await trail() == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_another_client_of_postgresql_is_named_by_its_database_user(database: Database, trail: Trail) -> None:
    connection = await asyncpg.connect(driver_url(database))
    try:
        await connection.execute(NEW_USER.format(uuid4()))
    finally:
        await connection.close()
    (entry,) = await trail()
    user = database.url.username
    assert entry["user_name"] == f"database user {user}"
    assert entry["database_user"] == user
    assert entry["database_host"]
    assert entry["user_id"] is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_triggers_fire_where_replication_switches_ordinary_ones_off(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        session.add(User(username="wanjiru", password_hash="x"))
        await session.flush()
        await session.execute(text("UPDATE users SET email = 'a@example.org'"))
        await session.execute(text("DELETE FROM users"))
    assert [entry["action"].value for entry in await trail()] == ["create", "update", "delete"]
    for verb in ("UPDATE audit_entries SET id = 1", "DELETE FROM audit_entries", "TRUNCATE users CASCADE"):
        with pytest.raises(DBAPIError, match="refused"):
            await after_setting(database, "session_replication_role = replica", verb)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_role_that_may_write_users_may_not_write_the_trail(database: Database, trail: Trail) -> None:
    role = f"clerk_{uuid4().hex[:8]}"
    async with database.transaction() as session:
        await session.execute(text(f"CREATE ROLE {role}"))
        await session.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON users TO {role}"))
    try:
        await after_setting(database, f"ROLE {role}", NEW_USER.format(uuid4()))
        (entry,) = await trail()
        assert entry["action"].value == "create"
        for sql in (
            "INSERT INTO audit_transactions (xid, at) VALUES (1, now())",
            "INSERT INTO audit_entries (transaction_id, action) VALUES (1, 'access')",
            "SELECT opsroom_audit_transaction()",
        ):
            with pytest.raises(DBAPIError, match="permission denied"):
                await after_setting(database, f"ROLE {role}", sql)
    finally:
        async with database.transaction() as session:
            await session.execute(text(f"DROP OWNED BY {role}"))
            await session.execute(text(f"DROP ROLE {role}"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_search_path_of_somebody_s_own_changes_nothing(database: Database, trail: Trail) -> None:
    """The functions run with their owner's rights: they must not call what a caller put before ours."""
    async with database.transaction() as session:
        await session.execute(text("CREATE SCHEMA theirs"))
        await session.execute(
            text("CREATE FUNCTION theirs.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$")
        )
        await session.execute(text("SET LOCAL search_path = theirs, pg_catalog, public"))
        await session.execute(text("SET LOCAL timezone = 'Asia/Tokyo'"))
        await session.execute(text(NEW_USER.format(uuid4())))
    (entry,) = await trail()
    assert entry["after"]["username"] == "stranger"
    assert entry["after"]["created_at"].endswith("+00:00")
