"""The two tables of the trail. Only triggers write them, nothing changes them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import exempt
from opsroom.core.db.base import Base
from opsroom.core.db.columns import JsonDocument, one_of

# SQLite numbers rows by itself only where the type is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
_is_event = text("event IS NOT NULL")


class Action(StrEnum):
    """The first three are of rows, written by triggers; the others are events, written by code (see `events`)."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ACCESS = "access"
    SIGN = "sign"
    CONFIGURE = "configure"


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class AuditTransaction(Base):
    """Who, when, from where and why: once for a transaction, written with its first entry.

    xid: what the database called the transaction; tells whether a header is the present transaction's
    at: the server's clock when the first entry was written
    database_user, database_host: who spoke to the database, even when it is not this program
    """

    __tablename__ = "audit_transactions"
    __table_args__ = (
        Index("ix_audit_transactions_at", "at", postgresql_using="brin"),  # grows with the id
        {"info": exempt("it is the trail")},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    xid: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    user_id: Mapped[UUID | None] = mapped_column(index=True)
    user_name: Mapped[str] = mapped_column(Text)
    session_id: Mapped[UUID | None]
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text, index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    job_id: Mapped[UUID | None]
    database_user: Mapped[str] = mapped_column(Text)
    database_host: Mapped[str] = mapped_column(Text)


class AuditEntry(Base):
    """One row that changed, or one event. Ids grow in the order of writing.

    event: names an event; rows have none
    before, after: the recorded fields of a row; of an update only those that changed
    facts: what an event says
    No foreign key to the header: checking it would cost more than the entry, and neither is ever removed.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_table_name_record_id", "table_name", "record_id"),
        Index("ix_audit_entries_event", "event", postgresql_where=_is_event, sqlite_where=_is_event),
        {"info": exempt("it is the trail")},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, index=True)
    # What is none of these is refused by SQLite's table, and by the function of `audit_log` on PostgreSQL.
    action: Mapped[Action] = mapped_column(one_of(Action))
    level: Mapped[Level] = mapped_column(one_of(Level), server_default=text("'info'"))
    event: Mapped[str | None] = mapped_column(String(100))
    table_name: Mapped[str | None] = mapped_column(String(63))
    record_id: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
