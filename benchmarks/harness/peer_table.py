"""The peers' table: the columns of `stores` that are read and written, without triggers."""

import asyncio
import json
import sqlite3
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from harness.ours import driver_url, run_sql

Record = dict[str, Any]

TABLE = """
CREATE TABLE stores (
    id {uuid} PRIMARY KEY, external_id varchar(255) NOT NULL UNIQUE, name varchar(200), zone varchar(64),
    "group" varchar(100), tags {json} NOT NULL, active boolean NOT NULL, created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL, version integer NOT NULL
)"""
INDEX = 'CREATE INDEX ix_stores_group ON stores ("group")'
KINDS = {
    "postgresql": {"uuid": "uuid", "json": "jsonb", "instant": "timestamptz"},
    "sqlite": {"uuid": "char(32)", "json": "json", "instant": "datetime"},
}
COLUMNS = 'id, external_id, name, zone, "group", tags, active, created_at, updated_at, version'


def copy_rows(url: str, rows: Sequence[Record]) -> None:
    """Make the table and put these records into it."""
    asyncio.run(_copy_rows(url, rows))


def copy_table(source: str, target: str) -> None:
    """Make the table in another database, with the rows of ours."""
    asyncio.run(_copy_table(source, target))


async def _copy_rows(url: str, rows: Sequence[Record]) -> None:
    kind = make_url(url).get_backend_name()
    await run_sql(url, TABLE.format(**KINDS[kind]), INDEX)
    await _insert(url, [_stored(row, kind) for row in rows])
    await run_sql(url, "ANALYZE stores")


async def _copy_table(source: str, target: str) -> None:
    kind = make_url(target).get_backend_name()
    await run_sql(target, "DROP TABLE IF EXISTS stores", TABLE.format(**KINDS[kind]))
    if kind == "sqlite":
        with closing(sqlite3.connect(str(make_url(target).database))) as connection:
            connection.execute("ATTACH ? AS source", (make_url(source).database,))
            connection.execute(f"INSERT INTO stores ({COLUMNS}) SELECT {COLUMNS} FROM source.stores")
            connection.commit()
    else:
        await _copy_on_postgresql(source, target)
    await run_sql(target, INDEX, "ANALYZE stores")


async def _copy_on_postgresql(source: str, target: str) -> None:
    """By way of a file: what COPY gives, COPY takes."""
    reader, writer = await asyncpg.connect(source), await asyncpg.connect(target)
    with tempfile.TemporaryFile() as rows:
        await reader.copy_from_query(f"SELECT {COLUMNS} FROM stores", output=rows, format="binary")
        rows.seek(0)
        columns = [name.strip().strip('"') for name in COLUMNS.split(",")]
        await writer.copy_to_table("stores", source=rows, columns=columns, format="binary")
    await reader.close()
    await writer.close()


async def _insert(url: str, rows: list[Record]) -> None:
    engine = create_async_engine(driver_url(url))
    names = ", ".join(f'"{name}"' for name in rows[0])
    places = ", ".join(f":{name}" for name in rows[0])
    async with engine.begin() as connection:
        await connection.execute(text(f"INSERT INTO stores ({names}) VALUES ({places})"), rows)
    await engine.dispose()


def _stored(row: Record, kind: str) -> Record:
    instants = {name: datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at")}
    stored = row | {"tags": json.dumps(row["tags"])}
    if kind == "sqlite":
        plain = {name: instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") for name, instant in instants.items()}
        return stored | plain | {"id": uuid.UUID(row["id"]).hex}
    return stored | instants | {"id": uuid.UUID(row["id"])}
