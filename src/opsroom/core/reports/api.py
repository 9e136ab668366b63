"""`/api/v1/reports`: asking for reports and fetching them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.core.errors import Conflict, Forbidden, Invalid, NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.models import UNFINISHED, Report, ReportStatus
from opsroom.core.reports.run import Reports
from opsroom.core.reports.schemas import ReportCreate, ReportRead
from opsroom.core.reports.trail import REPORT_DOWNLOADED
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
    declared = reports.declared(body.type)
    _check(actor, declared.permission)
    parameters = _parameters(declared.parameters, body.parameters)
    report = await reports.request(session, queue, body.type, parameters, body.format, actor)
    return ReportRead.model_validate(report)


@router.get("/{report_id}/download")
async def download_report(
    report_id: UUID,
    request: Request,
    session: Unit,
    reports: TheReports,
    blobs: TheBlobs,
    actor: Annotated[Actor, allow("reports.read")],
) -> Response:
    """The finished file; ranges are served."""
    report = await find_report(session, report_id)
    _check(actor, reports.declared(report.type).permission)
    artifact = await finished_artifact(session, report)
    await record(session, REPORT_DOWNLOADED, ("reports", report.id), sha256=artifact.sha256)
    return await send_artifact(request, blobs, artifact)


@router.post("/{report_id}/cancel")
async def cancel_report(
    report_id: UUID, session: Unit, queue: TheQueue, _actor: Annotated[Actor, allow("reports.write")]
) -> ReportRead:
    """A cancelled report is `failed` with the reason `cancelled`; a running one ends at its next step."""
    report = await find_report(session, report_id)
    if report.status not in UNFINISHED or report.job_id is None:
        raise Conflict(f"The report has ended already: it is {report.status.value}.", code="report_ended")
    await queue.cancel(session, report.job_id)
    await session.refresh(report)
    return ReportRead.model_validate(report)


@router.delete("/{report_id}", status_code=204)
async def delete_report(report_id: UUID, session: Unit, _actor: Annotated[Actor, allow("reports.write")]) -> None:
    """Remove a run that has ended, and its artifact."""
    report = await find_report(session, report_id)
    if report.status in UNFINISHED:
        raise Conflict("The report is being made; cancel it first.", code="report_unfinished")
    if report.artifact_id and (artifact := await session.get(Artifact, report.artifact_id)):
        await session.delete(artifact)
    await session.delete(report)


async def find_report(session: AsyncSession, report_id: UUID) -> Report:
    report = await session.get(Report, report_id)
    if report is None:
        raise NotFound(f"There is no report {report_id}.")
    return report


async def finished_artifact(session: AsyncSession, report: Report) -> Artifact:
    if report.status in UNFINISHED:
        raise Conflict("The report is still being made; ask again when it is complete.", code="report_unfinished")
    if report.status is ReportStatus.FAILED or report.artifact_id is None:
        raise Conflict(f"The report has no file: {report.error or 'it was removed'}.", code="report_failed")
    return await session.get_one(Artifact, report.artifact_id)


def _check(actor: Actor, permission: str) -> None:
    if not actor.may(permission):
        raise Forbidden(f"{actor.name} may not read this type of report: it needs {permission}.", permission=permission)


def _parameters(shape: type[BaseModel], given: dict[str, object]) -> BaseModel:
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        named = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Invalid(f"The report's parameters are not valid: {named}.") from None
