"""`/api/v1/reports`: asking for reports and fetching them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import Conflict, Gone, NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.access import may_read
from opsroom.core.reports.asking import checked_parameters, permitted_type
from opsroom.core.reports.models import UNFINISHED, Report, ReportStatus
from opsroom.core.reports.run import Reports
from opsroom.core.reports.schemas import ReportCreate, ReportRead
from opsroom.core.reports.trail import REPORT_DOWNLOADED
from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.models import Artifact
from opsroom.core.storage.serve import TheBlobs, send_artifact

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


def reports_of(request: Request) -> Reports:
    reports: Reports = request.app.state.reports
    return reports


TheReports = Annotated[Reports, Depends(reports_of)]


@router.post("", status_code=202)
async def create_report(
    body: ReportCreate,
    session: Unit,
    queue: TheQueue,
    reports: TheReports,
    actor: Annotated[Actor, allow("reports.write")],
) -> ReportRead:
    """Ask for a report; it is computed in the background."""
    declared = permitted_type(reports, body.type, actor)
    parameters = checked_parameters(declared, body.parameters)
    keep = timedelta(days=body.keep_days) if body.keep_days else None
    report = await reports.request(
        session, queue, body.type, parameters, body.format, actor, private=body.private, keep=keep
    )
    return ReportRead.model_validate(report)


@router.get("/{report_id}/download")
async def download_report(
    report_id: UUID,
    request: Request,
    connection: Reading,
    database: TheDatabase,
    reports: TheReports,
    blobs: TheBlobs,
    actor: Annotated[Actor, allow("reports.read")],
) -> Response:
    """The finished file; ranges are served."""
    async with AsyncSession(connection) as session:
        report = await readable_report(session, report_id, reports, actor)
        artifact = await finished_artifact(session, report)
    return await send_report(request, database, blobs, report, artifact)


@router.post("/{report_id}/cancel")
async def cancel_report(
    report_id: UUID,
    session: Unit,
    queue: TheQueue,
    reports: TheReports,
    actor: Annotated[Actor, allow("reports.write")],
) -> ReportRead:
    """A cancelled report is `failed` with the reason `cancelled`; a running one ends at its next step."""
    report = await readable_report(session, report_id, reports, actor)
    if report.status not in UNFINISHED or report.job_id is None:
        raise Conflict(f"The report has ended already: it is {report.status.value}.", code="report_ended")
    await queue.cancel(session, report.job_id)
    await session.refresh(report)
    return ReportRead.model_validate(report)


@router.delete("/{report_id}", status_code=204)
async def delete_report(
    report_id: UUID, session: Unit, reports: TheReports, actor: Annotated[Actor, allow("reports.write")]
) -> None:
    """Remove a run that has ended, and its artifact."""
    report = await readable_report(session, report_id, reports, actor)
    if report.status in UNFINISHED:
        raise Conflict("The report is being made; cancel it first.", code="report_unfinished")
    if report.artifact_id and (artifact := await session.get(Artifact, report.artifact_id)):
        await session.delete(artifact)
    await session.delete(report)


async def send_report(
    request: Request, database: Database, blobs: Blobs, report: Report, artifact: Artifact
) -> Response:
    """The file, whose bytes are checked before anything is written, and the entry of who fetched it."""
    answer = await send_artifact(request, blobs, artifact)
    async with database.transaction() as session:
        await record(session, REPORT_DOWNLOADED, ("reports", report.id), sha256=artifact.sha256)
    return answer


async def find_report(session: AsyncSession, report_id: UUID) -> Report:
    report = await session.get(Report, report_id)
    if report is None:
        raise NotFound(f"There is no report {report_id}.")
    return report


async def readable_report(session: AsyncSession, report_id: UUID, reports: Reports, actor: Actor) -> Report:
    """
    Raises:
        NotFound: there is none, or it is private to somebody else.
        Forbidden: this actor may not read reports of its type.
    """
    report = await find_report(session, report_id)
    permission = permitted_type(reports, report.type, actor).permission
    if not may_read(actor, permission, report.user_id, private=report.private):
        raise NotFound(f"There is no report {report_id}.")
    return report


async def finished_artifact(session: AsyncSession, report: Report) -> Artifact:
    if report.status in UNFINISHED:
        raise Conflict("The report is still being made; ask again when it is complete.", code="report_unfinished")
    if report.expires_at is not None and report.expires_at <= now():
        raise Gone(
            f"The report's file was kept until {report.expires_at:%Y-%m-%d %H:%M} UTC; ask for the report again.",
            code="report_expired",
        )
    if report.status is ReportStatus.FAILED or report.artifact_id is None:
        raise Conflict(f"The report has no file: {report.error or 'it was removed'}.", code="report_failed")
    return await session.get_one(Artifact, report.artifact_id)
