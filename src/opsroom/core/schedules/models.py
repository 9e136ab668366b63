"""When which report is due, who gets it, and what became of each letter."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import IGNORED
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.core.reports.models import ReportFormat


class ReportSchedule(Entity):
    """A report that is due again and again.

    permission: of its type, kept here so that lists can be filtered by it
    start_local, recurrence, zone: the first time on the local clock and an RFC 5545 rule; see `core.recurrence`
    recipients: addresses; attach: the file comes with the letter, unless it is too large; else a link to it
    user_id, owner: in whose name it is made; what they may no longer read is not made any more
    next_at: when it is due next; None after the rule's last occurrence
    error: why the last turn did not happen
    """

    __table_args__ = (Index("ix_report_schedules_next_at", "next_at"),)

    name: Mapped[str] = mapped_column(String(120))
    type: Mapped[str] = mapped_column(String(80))
    permission: Mapped[str] = mapped_column(String(100))
    format: Mapped[ReportFormat] = mapped_column(one_of(ReportFormat))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    start_local: Mapped[datetime] = mapped_column(DateTime)
    recurrence: Mapped[str] = mapped_column(String(200))
    zone: Mapped[str] = mapped_column(String(64))
    recipients: Mapped[list[str]] = mapped_column(JsonDocument)
    attach: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    owner: Mapped[str] = mapped_column(String(150))
    next_at: Mapped[datetime | None] = mapped_column(info=IGNORED)
    last_at: Mapped[datetime | None] = mapped_column(info=IGNORED)
    error: Mapped[str | None] = mapped_column(Text)


class LetterStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class ReportLetter(Entity):
    """One report for one recipient. tries: what came of each attempt: at, error"""

    __table_args__ = (Index("ix_report_letters_status_created_at", "status", "created_at"),)

    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_schedules.id", ondelete="SET NULL"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    recipient: Mapped[str] = mapped_column(String(254))
    attach: Mapped[bool]
    status: Mapped[LetterStatus] = mapped_column(one_of(LetterStatus), default=LetterStatus.WAITING)
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    tries: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument, default=list)
    error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
