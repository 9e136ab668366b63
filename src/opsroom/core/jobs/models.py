"""A job is a row, inserted in the transaction of its cause."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import IGNORED, PLAIN, exempt
from opsroom.core.clock import now
from opsroom.core.db.base import Base, Entity
from opsroom.core.db.columns import JsonDocument, one_of


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING)
_unfinished = text("status IN ('queued', 'running')")


class Job(Entity):
    """type: `<app>.<verb phrase>`, as declared by a `JobType`
    payload: JSON of that type's payload shape
    attempt: how often it was claimed; max_attempts: when to give up
    run_at: not before this instant
    lease_until: while it runs, when another worker may take it over
    fence: counts claims; the save checks it, so that a worker that was only slow cannot write over its successor
    exclusive_key: at most one unfinished job has it
    progress: 0 to 1
    error: the sentence for people; traceback: for engineers

    The trail keeps what was asked for and what became of it, not the beat of the work.
    """

    __table_args__ = (
        Index("ix_jobs_unfinished", "run_at", postgresql_where=_unfinished, sqlite_where=_unfinished),
        Index("ix_jobs_type_created_at", "type", "created_at"),
        Index(
            "uq_jobs_exclusive_key",
            "exclusive_key",
            unique=True,
            postgresql_where=_unfinished,
            sqlite_where=_unfinished,
        ),
        CheckConstraint("progress BETWEEN 0 AND 1", name="progress"),
    )

    type: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    status: Mapped[JobStatus] = mapped_column(one_of(JobStatus), default=JobStatus.QUEUED)
    attempt: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"), info=IGNORED)
    max_attempts: Mapped[int] = mapped_column(Integer, default=3, server_default=text("3"))
    run_at: Mapped[datetime] = mapped_column(default=now, info=IGNORED)
    lease_until: Mapped[datetime | None] = mapped_column(info=IGNORED)
    fence: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"), info=IGNORED)
    worker: Mapped[str | None] = mapped_column(String(100), info=IGNORED)
    exclusive_key: Mapped[str | None] = mapped_column(String(200), info=PLAIN)
    cancel_requested: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    progress: Mapped[float] = mapped_column(default=0.0, server_default=text("0"), info=IGNORED)
    message: Mapped[str | None] = mapped_column(String(400), info=IGNORED)
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument, info=IGNORED)
    error: Mapped[str | None] = mapped_column(Text)
    traceback: Mapped[str | None] = mapped_column(Text, info=IGNORED)
    started_at: Mapped[datetime | None] = mapped_column(info=IGNORED)
    finished_at: Mapped[datetime | None]
    requested_by: Mapped[str] = mapped_column(String(150), default="system", server_default=text("'system'"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    request_id: Mapped[str | None] = mapped_column(String(64))


class Schedule(Base):
    """When a job type that is due every so often is asked for next."""

    __tablename__ = "schedules"
    __table_args__ = ({"info": exempt("a clock's hand; the jobs that it asks for are recorded")},)

    job_type: Mapped[str] = mapped_column(String(80), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(index=True)


class Worker(Base):
    """A process that runs jobs, and when it last said so."""

    __tablename__ = "workers"
    __table_args__ = (
        {"info": exempt("signs of life, one a few seconds; what workers do is recorded where they do it")},
    )

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
