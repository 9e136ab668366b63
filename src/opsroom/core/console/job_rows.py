"""What the pages ask about jobs and workers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.clock import now
from opsroom.core.errors import BadRequest
from opsroom.core.jobs.models import UNFINISHED, Job, JobStatus
from opsroom.core.jobs.queries import worker_heartbeat
from opsroom.core.reports.models import Report

JobRow = Row[*tuple[Any, ...]]
PAGE = 50
SILENT = timedelta(seconds=60)
# Below these, the time that is left would be a guess.
LEAST_FRACTION, LEAST_SECONDS = 0.03, 2.0

_shown = (
    Job.id, Job.type, Job.status, Job.progress, Job.message, Job.error, Job.requested_by, Job.attempt,
    Job.max_attempts, Job.created_at, Job.run_at, Job.started_at, Job.finished_at, Job.cancel_requested,
)  # fmt: skip
# What a job is about: of those that make reports, the report's type.
_subject = Report.type.label("subject")
_whole = (*_shown, _subject, Job.payload, Job.result, Job.traceback, Job.worker, Job.request_id, Job.lease_until)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """status: a job's status, `unfinished`, or empty for all; before: only jobs asked for before this one"""

    status: str = ""
    type: str = ""
    before: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.status:
            found.append(Job.status.in_(_statuses(self.status)))
        if self.type:
            found.append(Job.type == self.type)
        if self.before:
            found.append(Job.id < self.before)
        return found

    @property
    def api_path(self) -> str:
        """The same list by the API."""
        return api_list("/api/v1/jobs", self.status, self.type, UNFINISHED)


@dataclass(frozen=True, slots=True)
class Counts:
    """seen_at: when any worker last gave a sign of life"""

    running: int
    waiting: int
    failed_lately: int
    seen_at: datetime | None

    @property
    def nobody_works(self) -> bool:
        return self.seen_at is None or now() - self.seen_at > SILENT


async def list_jobs(connection: AsyncConnection, wanted: JobFilter) -> Sequence[JobRow]:
    """Newest first, one more than a page if there are more. Keys grow with time, so that they give the order."""
    statement = (
        select(*_shown, _subject)
        .outerjoin(Report, Report.job_id == Job.id)
        .where(*wanted.conditions())
        .order_by(Job.id.desc())
        .limit(PAGE + 1)
    )
    return (await connection.execute(statement)).all()


async def find_job(connection: AsyncConnection, job_id: UUID) -> JobRow | None:
    statement = select(*_whole).outerjoin(Report, Report.job_id == Job.id).where(Job.id == job_id)
    return (await connection.execute(statement)).one_or_none()


async def count_jobs(connection: AsyncConnection) -> Counts:
    by_status = select(Job.status, func.count().label("amount")).where(Job.status.in_(UNFINISHED)).group_by(Job.status)
    unfinished = {row.status: row.amount for row in await connection.execute(by_status)}
    failed = select(func.count()).where(Job.status == JobStatus.FAILED, Job.finished_at > now() - timedelta(days=1))
    return Counts(
        running=unfinished.get(JobStatus.RUNNING, 0),
        waiting=unfinished.get(JobStatus.QUEUED, 0),
        failed_lately=(await connection.execute(failed)).scalar_one(),
        seen_at=await worker_heartbeat(connection),
    )


def seconds_left(fraction: float | None, started_at: datetime | None, at: datetime) -> float | None:
    """By the pace so far; None while that says little."""
    if not fraction or started_at is None or fraction >= 1:
        return None
    spent = (at - started_at).total_seconds()
    if fraction < LEAST_FRACTION or spent < LEAST_SECONDS:
        return None
    return spent * (1 - fraction) / fraction


def seconds_spent(started_at: datetime | None, finished_at: datetime | None, at: datetime) -> float | None:
    return ((finished_at or at) - started_at).total_seconds() if started_at else None


def api_list(path: str, status: str, kind: str, unfinished: Iterable[str]) -> str:
    query = {"order": "-created_at"}
    if status == "unfinished":
        query["status__in"] = ",".join(unfinished)
    elif status:
        query["status"] = status
    if kind:
        query["type"] = kind
    return f"{path}?{urlencode(query, safe=',')}"


def _statuses(status: str) -> tuple[JobStatus, ...]:
    if status == "unfinished":
        return UNFINISHED
    try:
        return (JobStatus(status),)
    except ValueError:
        known = ", ".join(JobStatus)
        raise BadRequest(f"There is no status {status!r}; there are: unfinished, {known}.") from None
