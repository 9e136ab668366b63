"""Replaying the trail: does it end in what the tables hold? What was written while a trigger was missing shows here."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit import postgresql, sqlite
from opsroom.core.audit.declaration import AuditedTable, audited_tables
from opsroom.core.db.engine import Database

Document = dict[str, Any]
Row = tuple[str, Document]

# Events about a record have names; what triggers wrote has none.
CHANGES = """
    SELECT record_id{collation} AS record_id, id, action, before{cast}, after{cast} FROM audit_entries
    WHERE table_name = :table_name AND event IS NULL ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Difference:
    table_name: str
    record_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """document: what the record must look like now; None when it was deleted
    breaks: where a change began from something the trail had not led to
    """

    record_id: str
    document: Document | None
    breaks: tuple[str, ...]


async def reconcile(database: Database, metadata: MetaData) -> list[Difference]:
    """What differs between the trail and the tables, in one view of both; empty when all was recorded."""
    async with database.reader.connect() as connection:
        if database.is_postgresql:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        present = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        tables = [audited for audited in audited_tables(metadata) if audited.name in present]
        return [each for audited in tables for each in await _of_table(connection, audited)]


async def _of_table(connection: AsyncConnection, audited: AuditedTable) -> list[Difference]:
    """Both come in the order of keys, so that neither need be held whole."""
    found: list[Difference] = []
    stored = _stored(connection, audited)
    row = await anext(stored, None)
    async for replayed in _replayed(connection, audited):
        while row is not None and row[0] < replayed.record_id:
            found.append(_unrecorded(audited, row))
            row = await anext(stored, None)
        current = None
        if row is not None and row[0] == replayed.record_id:
            current = row[1]
            row = await anext(stored, None)
        sentences = [*replayed.breaks, *_differences(replayed.document, current)]
        found += [Difference(audited.name, replayed.record_id, sentence) for sentence in sentences]
    while row is not None:
        found.append(_unrecorded(audited, row))
        row = await anext(stored, None)
    return found


def _unrecorded(audited: AuditedTable, row: Row) -> Difference:
    return Difference(audited.name, row[0], "is there, but the trail does not know of it")


async def _stored(connection: AsyncConnection, audited: AuditedTable) -> AsyncIterator[Row]:
    engine = postgresql if connection.dialect.name == "postgresql" else sqlite
    async with connection.stream(text(engine.stored_rows(audited))) as rows:
        async for record_id, document in rows:
            yield record_id, json.loads(document)


async def _replayed(connection: AsyncConnection, audited: AuditedTable) -> AsyncIterator[Replayed]:
    is_postgresql = connection.dialect.name == "postgresql"
    sql = CHANGES.format(collation=' COLLATE "C"' if is_postgresql else "", cast="::text" if is_postgresql else "")
    record_id: str | None = None
    document: Document | None = None
    breaks: list[str] = []
    async with connection.stream(text(sql), {"table_name": audited.name}) as changes:
        async for each, entry_id, action, before, after in changes:
            if each != record_id:
                if record_id is not None:
                    yield Replayed(record_id, document, tuple(breaks))
                record_id, document, breaks = each, None, []
            breaks += _breaks(document, json.loads(before or "{}"), action, entry_id)
            document = None if action == "delete" else (document or {}) | json.loads(after)
    if record_id is not None:
        yield Replayed(record_id, document, tuple(breaks))


def _breaks(document: Document | None, before: Document, action: str, entry_id: int) -> list[str]:
    if action == "create":
        return [] if document is None else [f"was created a second time by entry {entry_id}"]
    return [
        f"{name} was {before[name]!r} before entry {entry_id}, but the trail had led to {document[name]!r}"
        for name in before
        if document is not None and name in document and document[name] != before[name]
    ]


def _differences(document: Document | None, current: Document | None) -> list[str]:
    """Fields that only one of both has came or went with a migration."""
    if document is None and current is None:
        return []
    if document is None:
        return ["is there, but the trail says that it was deleted"]
    if current is None:
        return ["is gone, and the trail does not say how"]
    return [
        f"{name} is {current[name]!r}, but the trail says {document[name]!r}"
        for name in current
        if name in document and document[name] != current[name]
    ]
