"""Reading the trail, newest first or a record's history from its beginning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.audit.models import Action, Level

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; None matches everything. since ≤ at < until."""

    action: Action | None = None
    level: Level | None = None
    event: str | None = None
    table_name: str | None = None
    record_id: str | None = None
    user_id: UUID | None = None
    user_name: str | None = None
    session_id: UUID | None = None
    request_id: str | None = None
    job_id: UUID | None = None
    transaction_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


EQUAL = (
    "action", "level", "event", "table_name", "record_id", "user_id", "user_name", "session_id", "request_id",
    "job_id", "transaction_id",
)  # fmt: skip


async def latest_entries(
    connection: AsyncConnection, wanted: Wanted, size: int, before_id: int | None = None
) -> list[Entry]:
    statement = _matching(wanted).order_by(AUDIT_LOG.c.id.desc()).limit(size)
    if before_id is not None:
        statement = statement.where(AUDIT_LOG.c.id < before_id)
    return await _entries(connection, statement)


async def find_entry(connection: AsyncConnection, entry_id: int) -> Entry | None:
    found = await _entries(connection, select(AUDIT_LOG).where(AUDIT_LOG.c.id == entry_id))
    return found[0] if found else None


async def history_of(
    connection: AsyncConnection, table_name: str, record_id: str, size: int, after_id: int = 0
) -> list[Entry]:
    """What happened to one record, in order."""
    statement = _matching(Wanted(table_name=table_name, record_id=record_id))
    statement = statement.where(AUDIT_LOG.c.id > after_id).order_by(AUDIT_LOG.c.id).limit(size)
    return await _entries(connection, statement)


def _matching(wanted: Wanted) -> Select[Any]:
    log = AUDIT_LOG.c
    conditions = [log[name] == value for name in EQUAL if (value := getattr(wanted, name)) is not None]
    if wanted.since is not None:
        conditions.append(log.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(log.at < wanted.until)
    return select(AUDIT_LOG).where(*conditions)


async def _entries(connection: AsyncConnection, statement: Select[Any]) -> list[Entry]:
    return [dict(row) for row in (await connection.execute(statement)).mappings()]
