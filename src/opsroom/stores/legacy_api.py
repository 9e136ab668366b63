"""The seven calls of existing clients, on top of the one implementation of reports.

The reports they ask for use the evidence profile `classic`; everything else in the product uses `strict`, and
each answer says which. The seventh call, `/healthz`, is the core's.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Select, case, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import NotFound
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.api import TheReports, find_report, finished_artifact, send_report
from opsroom.core.reports.models import UNFINISHED, Report, ReportFormat, ReportStatus
from opsroom.core.storage.serve import TheBlobs
from opsroom.stores.reports import UPTIME, UptimeParameters

router = APIRouter(tags=["stores, as existing clients call it"])

READ = [allow("stores.reports.read")]


@router.post("/trigger_report")
@router.post("/trigger_report/", include_in_schema=False)
async def trigger_report(
    session: Unit, queue: TheQueue, reports: TheReports, actor: Annotated[Actor, allow("stores.reports.write")]
) -> dict[str, str]:
    """Ask for a report; 409 with `report_id` while one is being made."""
    parameters = UptimeParameters(profile="classic")
    report = await reports.request(session, queue, UPTIME, parameters, ReportFormat.CSV, actor)
    return {
        "report_id": str(report.id),
        "status": "triggered",
        "message": "The report is being made; poll /get_report with its id.",
    }


@router.get("/get_report", dependencies=READ)
@router.get("/get_report/", dependencies=READ, include_in_schema=False)
async def get_report(report_id: Annotated[str, Query()], connection: Reading) -> dict[str, Any]:
    """Where a report is: `Running`, `Complete` with its file, or `Failed` with the reason."""
    return await _described(connection, report_id)


@router.get("/get_report/{report_id}", dependencies=READ, include_in_schema=False)
@router.get("/get_report/{report_id}/", dependencies=READ)
async def get_report_by_path(report_id: str, connection: Reading) -> dict[str, Any]:
    """The same, with the id in the path."""
    return await _described(connection, report_id)


@router.get("/download_report/{report_id}", dependencies=READ, include_in_schema=False)
@router.get("/download_report/{report_id}/", dependencies=READ)
async def download_report_file(
    report_id: str, request: Request, connection: Reading, database: TheDatabase, blobs: TheBlobs
) -> Response:
    """The CSV; 409 while the report is being made."""
    async with AsyncSession(connection) as session:
        report = await find_report(session, _key(report_id))
        if report.type != UPTIME or report.private:  # other types have permissions of their own
            raise _unknown(report_id)
        artifact = await finished_artifact(session, report)
    return await send_report(request, database, blobs, report, artifact)


@router.get("/current_report", dependencies=READ)
@router.get("/current_report/", dependencies=READ, include_in_schema=False)
async def current_report(connection: Reading) -> dict[str, Any]:
    """The unfinished report if there is one, else the latest complete one."""
    unfinished_first = case((Report.status.in_(UNFINISHED), 0), else_=1)
    query = (
        _reports()
        .where(Report.type == UPTIME, Report.format == ReportFormat.CSV, Report.status != ReportStatus.FAILED)
        .order_by(unfinished_first, Report.created_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no report yet; POST /trigger_report makes one.")
    return _answer(row)


@router.get("/pending_status", dependencies=READ)
@router.get("/pending_status/", dependencies=READ, include_in_schema=False)
async def pending_status(connection: Reading) -> dict[str, Any]:
    """Whether a report is being made, and which."""
    query = select(Report.id, Report.created_at).where(Report.type == UPTIME, Report.status.in_(UNFINISHED)).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return {
        "pending": row is not None,
        "report_id": str(row.id) if row else None,
        "created_at": row.created_at.isoformat() if row else None,
    }


def _reports() -> Select[Any]:
    return (
        select(
            Report.id,
            Report.status,
            Report.error,
            Report.size_bytes,
            Report.summary,
            Report.finished_at,
            Report.parameters,
            Job.progress,
        )
        .outerjoin(Job, Job.id == Report.job_id)
        .where(Report.private.is_(False))
    )


async def _described(connection: AsyncConnection, report_id: str) -> dict[str, Any]:
    query = _reports().where(Report.id == _key(report_id), Report.type == UPTIME)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise _unknown(report_id)
    return _answer(row)


def _answer(row: Any) -> dict[str, Any]:
    report_id = str(row["id"])
    if row["status"] in UNFINISHED:
        percent = round((row["progress"] or 0) * 100)
        message = f"The report is being made: {percent} %."
        return {"report_id": report_id, "status": "Running", "message": message, "progress": row["progress"] or 0}
    if row["status"] is ReportStatus.FAILED:
        return {"report_id": report_id, "status": "Failed", "message": row["error"] or "The report failed."}
    return {
        "report_id": report_id,
        "status": "Complete",
        "message": "The report is complete.",
        "csv_file": f"report_data/report_{report_id}.csv",
        "file_size_bytes": row["size_bytes"],
        "store_count": (row["summary"] or {}).get("stores"),
        "download_url": f"/download_report/{report_id}/",
        "generated_at": row["finished_at"].isoformat(),
        "profile": row["parameters"]["profile"],
    }


def _key(report_id: str) -> UUID:
    try:
        return UUID(report_id)
    except ValueError:
        raise _unknown(report_id) from None


def _unknown(report_id: str) -> NotFound:
    return NotFound(f"There is no report {report_id}.")
