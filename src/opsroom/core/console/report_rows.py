"""What the pages ask about report runs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.console.job_rows import api_list
from opsroom.core.errors import BadRequest
from opsroom.core.jobs.models import Job
from opsroom.core.reports.access import readable
from opsroom.core.reports.models import UNFINISHED, Report, ReportStatus
from opsroom.core.storage.models import Artifact

ReportRow = Row[*tuple[Any, ...]]
PAGE = 50

_shown = (
    Report.id, Report.type, Report.status, Report.format, Report.parameters, Report.requested_by, Report.as_of,
    Report.row_count, Report.size_bytes, Report.error, Report.created_at, Report.started_at, Report.finished_at,
    Report.job_id, Report.artifact_id, Report.private, Report.expires_at, Job.progress, Job.message,
    Job.cancel_requested,
)  # fmt: skip
_whole = (*_shown, Report.input_fingerprint, Report.engine_version, Report.summary, Artifact.sha256, Artifact.name)


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """status: a report's status, `unfinished`, or empty for all; before: only runs asked for before this one"""

    status: str = ""
    type: str = ""
    before: UUID | None = None

    @property
    def api_path(self) -> str:
        """The same list by the API."""
        return api_list("/api/v1/reports", self.status, self.type, UNFINISHED)


async def list_reports(
    connection: AsyncConnection, wanted: ReportFilter, types: Collection[str], actor: Actor
) -> Sequence[ReportRow]:
    """Newest first, one more than a page if there are more; only of the given types, and what this actor may read."""
    statement = (
        select(*_shown)
        .outerjoin(Job, Job.id == Report.job_id)
        .where(Report.type.in_([wanted.type] if wanted.type in types else types if not wanted.type else ()))
        .order_by(Report.id.desc())
        .limit(PAGE + 1)
    )
    if (rule := readable(actor)) is not None:
        statement = statement.where(rule)
    if wanted.status:
        statement = statement.where(Report.status.in_(_statuses(wanted.status)))
    if wanted.before:
        statement = statement.where(Report.id < wanted.before)
    return (await connection.execute(statement)).all()


async def find_report(connection: AsyncConnection, report_id: UUID, actor: Actor) -> ReportRow | None:
    statement = (
        select(*_whole)
        .outerjoin(Job, Job.id == Report.job_id)
        .outerjoin(Artifact, Artifact.id == Report.artifact_id)
        .where(Report.id == report_id)
    )
    if (rule := readable(actor)) is not None:
        statement = statement.where(rule)
    return (await connection.execute(statement)).one_or_none()


def _statuses(status: str) -> tuple[ReportStatus, ...]:
    if status == "unfinished":
        return UNFINISHED
    try:
        return (ReportStatus(status),)
    except ValueError:
        known = ", ".join(ReportStatus)
        raise BadRequest(f"There is no status {status!r}; there are: unfinished, {known}.") from None
