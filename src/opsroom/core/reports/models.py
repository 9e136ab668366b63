"""A report run is a row; its result is an artifact."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import PLAIN
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of


class ReportStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


class ReportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"


UNFINISHED = (ReportStatus.PENDING, ReportStatus.RUNNING)
_unfinished = text("status IN ('pending', 'running')")


class Report(Entity):
    """type: as declared by a `ReportType`
    exclusive_key: at most one unfinished run has it, by a partial unique index
    permission: of its type, kept here so that lists can be filtered by it
    private: only who asked for it may read it
    expires_at: when its file is let go; None: never
    as_of: the instant the result speaks of; never the time of generation
    input_fingerprint: SHA-256 over everything the result depends on
    error: why it failed, `cancelled` included
    """

    __table_args__ = (
        Index("ix_reports_type_created_at", "type", "created_at"),
        Index(
            "uq_reports_exclusive_key",
            "exclusive_key",
            unique=True,
            postgresql_where=_unfinished,
            sqlite_where=_unfinished,
        ),
    )

    type: Mapped[str] = mapped_column(String(80))
    status: Mapped[ReportStatus] = mapped_column(one_of(ReportStatus), default=ReportStatus.PENDING)
    format: Mapped[ReportFormat] = mapped_column(one_of(ReportFormat))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    permission: Mapped[str | None] = mapped_column(String(100))
    private: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    exclusive_key: Mapped[str | None] = mapped_column(String(120), info=PLAIN)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    artifact_id: Mapped[UUID | None] = mapped_column(ForeignKey("artifacts.id", ondelete="SET NULL"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    requested_by: Mapped[str] = mapped_column(String(150))
    as_of: Mapped[datetime | None]
    input_fingerprint: Mapped[str | None] = mapped_column(String(64))
    engine_version: Mapped[str | None] = mapped_column(String(40))
    row_count: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    error: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
