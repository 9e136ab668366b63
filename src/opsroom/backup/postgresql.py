"""PostgreSQL: all tables by COPY, in one transaction that sees one state of the database.

`pg_dump` would need a program of the server's own version on every machine that saves. The schema is not copied:
migrations make it, at the revision the backup was taken at.
"""

import hashlib
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import create_async_engine

from opsroom.backup.archive import Manifest, TableRows, Writer, chunks
from opsroom.core.db.connect import connect
from opsroom.core.db.engine import async_url
from opsroom.core.errors import WrongSetting
from opsroom.migrations.histories import VERSION_TABLE

# The same rows are the same bytes, whatever server and session they are read in.
SESSION = """
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL timezone = 'UTC';
    SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 1; SET LOCAL synchronize_seqscans = off
"""
TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
    AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""
COLUMNS = """
    SELECT attname FROM pg_attribute WHERE attrelid = format('%I', $1::text)::regclass
    AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
SEQUENCES = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'"
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS table_name, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conparentid = 0
"""


async def save(url: str, writer: Writer, manifest: Manifest) -> None:
    async with _connected(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(SESSION)
        for name in await _names(connection, TABLES):
            if name.startswith(VERSION_TABLE):
                revision = await connection.fetchval(f"SELECT version_num FROM {_quoted(name)}")  # noqa: S608  found in the catalogue
                manifest.revisions |= {name: revision} if revision else {}
            else:
                manifest.tables[name] = await _save_table(connection, writer, name)
        for name in await _names(connection, SEQUENCES):
            row = await connection.fetchrow(f"SELECT last_value, is_called FROM {_quoted(name)}")  # noqa: S608  as above
            manifest.sequences[name] = (row["last_value"], row["is_called"])
        if "artifacts" in manifest.tables:
            manifest.files = dict(await connection.fetch("SELECT DISTINCT sha256, size_bytes FROM artifacts"))


async def is_empty(url: str) -> bool:
    async with _connected(url) as connection:
        return not await _names(connection, TABLES)


async def load(url: str, archive: zipfile.ZipFile, manifest: Manifest) -> list[str]:
    """Rows into a schema that the migrations have just made; gives the tables that nobody has made.

    The triggers are as they were before only once migrations have regenerated them.

    Raises:
        WrongSetting: what arrived is not what the manifest says; nothing of it is kept.
    """
    async with _connected(url) as connection, connection.transaction():
        await connection.execute(SESSION)
        present = await _names(connection, TABLES)
        tables = {name: table for name, table in manifest.tables.items() if name in present}
        keys = await connection.fetch(FOREIGN_KEYS)
        await _run(connection, (f"ALTER TABLE {key['table_name']} DROP CONSTRAINT {key['name']}" for key in keys))
        # Our triggers, those of the trail among them, would record the loading and refuse the emptying.
        await _run(connection, (f"ALTER TABLE {_quoted(name)} DISABLE TRIGGER USER" for name in present))
        await connection.execute(f"TRUNCATE {', '.join(_quoted(name) for name in tables)}")
        for name, table in tables.items():
            await _load_table(connection, archive, name, table)
        await _run(connection, (f"ALTER TABLE {_quoted(name)} ENABLE TRIGGER USER" for name in present))
        await _run(
            connection,
            (f"ALTER TABLE {key['table_name']} ADD CONSTRAINT {key['name']} {key['definition']}" for key in keys),
        )
        sequences = await _names(connection, SEQUENCES)
        for name, (last, given_out) in manifest.sequences.items():
            if name in sequences:
                await connection.execute("SELECT setval($1::text::regclass, $2, $3)", _quoted(name), last, given_out)
    return sorted(manifest.tables.keys() - tables.keys())


async def _save_table(connection: Any, writer: Writer, name: str) -> TableRows:
    columns = await _names(connection, COLUMNS, name)
    with writer.member(f"tables/{name}") as member:

        async def write(chunk: bytes) -> None:
            member.write(chunk)

        status = await connection.copy_from_query(_all_rows(name, columns), output=write)
    return TableRows(_count(status), tuple(columns), member.sha256)


async def _load_table(connection: Any, archive: zipfile.ZipFile, name: str, table: TableRows) -> None:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks(archive, f"tables/{name}"):
            yield chunk

    await connection.copy_to_table(name, source=source(), columns=list(table.columns))
    hasher = hashlib.sha256()

    async def read(chunk: bytes) -> None:
        hasher.update(chunk)

    status = await connection.copy_from_query(_all_rows(name, table.columns), output=read)
    if (_count(status), hasher.hexdigest()) != (table.rows, table.sha256):
        raise WrongSetting(f"the backup is damaged: the rows of {name} are not those that were saved")


def _all_rows(name: str, columns: Iterable[str]) -> str:
    return f"SELECT {', '.join(_quoted(column) for column in columns)} FROM {_quoted(name)}"  # noqa: S608  found in the catalogue


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    engine = create_async_engine(async_url(url), connect_args={"async_creator_fn": connect})
    try:
        async with engine.connect() as connection:
            yield (await connection.get_raw_connection()).driver_connection
    finally:
        await engine.dispose()


async def _names(connection: Any, query: str, *arguments: str) -> list[str]:
    return [row[0] for row in await connection.fetch(query, *arguments)]


async def _run(connection: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        await connection.execute(statement)


def _count(status: str) -> int:
    return int(status.removeprefix("COPY "))


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
