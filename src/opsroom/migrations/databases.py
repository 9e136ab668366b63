"""Whole databases: made, emptied, and made for a moment."""

import asyncio
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from opsroom.core.db.connect import connect
from opsroom.core.db.engine import POSTGRESQL, async_url, sqlite_path
from opsroom.core.errors import WrongSetting
from opsroom.migrations.patience import reached

ADMINISTRATIVE = ("postgres", "template1")  # databases that are there on every server
ALREADY_THERE = "42P04"

# What an extension brought is the extension's; views go with their tables.
POSTGRESQL_OBJECTS = """
    SELECT kind, name FROM (
        SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, oid::regclass::text AS name, oid
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S')
        UNION ALL
        SELECT 'FUNCTION', oid::regprocedure::text, oid FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname ^@ 'opsroom_'
    ) AS found
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = found.oid AND deptype = 'e')
"""
SQLITE_OBJECTS = """
    SELECT upper(type), '"' || replace(name, '"', '""') || '"' FROM sqlite_master
    WHERE type IN ('trigger', 'view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY CASE type WHEN 'trigger' THEN 1 WHEN 'view' THEN 2 ELSE 3 END
"""


async def create_database(url: str, patience: float = 0) -> bool:
    """False when it is there already.

    Raises:
        WrongSetting: nobody answers, or not us, or this user may not create databases.
    """
    target = async_url(url)
    file = sqlite_path(target)
    if file is not None:
        return _create_file(file)
    engine = _administrator(target)
    try:
        async with reached(engine, patience) as connection:
            await connection.execute(text(f"CREATE DATABASE {_quoted(target)}"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == ALREADY_THERE:
            return False
        raise WrongSetting(f"OPSROOM_DATABASE_URL: the database could not be made: {error.orig}") from None
    finally:
        await engine.dispose()
    return True


async def drop_everything(url: str, patience: float = 0) -> int:
    """Every table with its views and triggers, every sequence, and our functions; says how many."""
    target = async_url(url)
    is_postgresql = target.get_backend_name() == POSTGRESQL
    engine = _engine(target) if is_postgresql else create_async_engine(target)
    try:
        async with reached(engine, patience) as connection:
            return await connection.run_sync(_drop_on_postgresql if is_postgresql else _drop_on_sqlite)
    finally:
        await engine.dispose()


@contextmanager
def scratch_database(like: str) -> Iterator[str]:
    """The URL of an empty database on the same engine and server, gone afterwards."""
    target = async_url(like)
    if target.get_backend_name() != POSTGRESQL:
        with tempfile.TemporaryDirectory(prefix="opsroom-scratch-") as folder:
            yield f"sqlite:///{folder}/scratch.db"
        return
    scratch = target.set(database=f"opsroom_scratch_{uuid.uuid4().hex[:12]}")
    shown = scratch.render_as_string(hide_password=False)
    asyncio.run(create_database(shown))
    try:
        yield shown
    finally:
        asyncio.run(_drop_database(scratch))


async def _drop_database(target: URL) -> None:
    engine = _administrator(target)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {_quoted(target)} WITH (FORCE)"))
    finally:
        await engine.dispose()


def _create_file(path: Path) -> bool:
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise WrongSetting(f"OPSROOM_DATABASE_URL: {error.strerror}: {path}") from None
    return True


def _drop_on_postgresql(connection: Connection) -> int:
    found = connection.execute(text(POSTGRESQL_OBJECTS)).all()
    for kind, name in found:
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name} CASCADE")
    connection.commit()
    return len(found)


def _drop_on_sqlite(connection: Connection) -> int:
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    found = connection.execute(text(SQLITE_OBJECTS)).all()
    for kind, name in found:
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name}")
    connection.commit()
    return len(found)


def _administrator(target: URL) -> AsyncEngine:
    """An engine that reaches the server by another database than the one it is about."""
    other = next(name for name in ADMINISTRATIVE if name != target.database)
    return _engine(target.set(database=other)).execution_options(isolation_level="AUTOCOMMIT")


def _engine(url: URL) -> AsyncEngine:
    return create_async_engine(url, connect_args={"async_creator_fn": connect})


def _quoted(url: URL) -> str:
    name = str(url.database).replace('"', '""')
    return f'"{name}"'
