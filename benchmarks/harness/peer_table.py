"""The peers' table: the columns of `stores` that are read and written, without triggers."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

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
PIECE = 10_000


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
    await run_sql(target, TABLE.format(**KINDS[make_url(target).get_backend_name()]), INDEX)
    engine = create_async_engine(driver_url(source))
    async with engine.connect() as connection:
        # As the driver gives them and takes them: nothing is converted on the way.
        found = await connection.stream(text(f"SELECT {COLUMNS} FROM stores"))
        async for part in found.partitions(PIECE):
            await _insert(target, [_plain(row) for row in part])
    await engine.dispose()
    await run_sql(target, "ANALYZE stores")


async def _insert(url: str, rows: list[Record]) -> None:
    engine = create_async_engine(driver_url(url))
    names = ", ".join(f'"{name}"' for name in rows[0])
    places = ", ".join(f":{name}" for name in rows[0])
    async with engine.begin() as connection:
        await connection.execute(text(f"INSERT INTO stores ({names}) VALUES ({places})"), rows)
    await engine.dispose()


def _plain(row: Any) -> Record:
    record = dict(row._mapping)  # noqa: SLF001  the library's own name for it
    return record | {"tags": json.dumps(record["tags"]) if isinstance(record["tags"], dict) else record["tags"]}


def _stored(row: Record, kind: str) -> Record:
    instants = {name: datetime.fromisoformat(row[name]) for name in ("created_at", "updated_at")}
    stored = row | {"tags": json.dumps(row["tags"])}
    if kind == "sqlite":
        plain = {name: instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") for name, instant in instants.items()}
        return stored | plain | {"id": uuid.UUID(row["id"]).hex}
    return stored | instants | {"id": uuid.UUID(row["id"])}
