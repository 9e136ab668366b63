"""`/console/reports`: every app's reports: asking for one, watching it, looking into it, fetching it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.live import stream
from opsroom.core.console.preview import Preview, read_preview
from opsroom.core.console.render import actor_of, html, render, see_other
from opsroom.core.console.report_rows import PAGE, ReportFilter, ReportRow, find_report, list_reports
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.api import reports_of
from opsroom.core.reports.declaration import ReportType
from opsroom.core.reports.models import UNFINISHED, ReportFormat, ReportStatus
from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.serve import TheBlobs

router = APIRouter(prefix="/console/reports", include_in_schema=False)

Reader = Annotated[Actor, allow("reports.read")]


@dataclass(frozen=True, slots=True)
class Shown:
    """preview: of a complete CSV, else None"""

    report: ReportRow
    preview: Preview | None


def filter_of(status: str = "", type: str = "", before: UUID | None = None) -> ReportFilter:  # noqa: A002  the query's name
    return ReportFilter(status, type, before)


Wanted = Annotated[ReportFilter, Depends(filter_of)]


@router.get("", name="console_reports")
async def reports(request: Request, connection: Reading, wanted: Wanted, _actor: Reader) -> Response:
    rows = await list_reports(connection, wanted, visible_types(request), actor_of(request))
    return render(request, "reports/list.html", wanted=wanted, kinds=_kinds(request), **_list_values(request, rows))


@router.get("/live", name="console_reports_live")
async def reports_live(request: Request, wanted: Wanted, _actor: Reader) -> StreamingResponse:
    return stream(
        request,
        partial(list_reports, wanted=wanted, types=visible_types(request), actor=actor_of(request)),
        lambda rows: html(request, "reports/rows.html", **_list_values(request, rows)),
    )


@router.get("/{report_id}", name="console_report")
async def report(report_id: UUID, request: Request, connection: Reading, blobs: TheBlobs, _actor: Reader) -> Response:
    shown = await _find(connection, report_id, request, blobs)
    return render(request, "reports/report.html", **_values(request, shown))


@router.get("/{report_id}/live", name="console_report_live")
async def report_live(report_id: UUID, request: Request, blobs: TheBlobs, _actor: Reader) -> StreamingResponse:
    return stream(
        request,
        partial(_find, report_id=report_id, request=request, blobs=blobs),
        lambda shown: html(request, "reports/record.html", **_values(request, shown)),
        lambda shown: shown.report.status not in UNFINISHED,
    )


@router.post("/{report_id}/cancel", name="console_report_cancel", dependencies=[allow("reports.write")])
async def cancel(report_id: UUID, request: Request, session: Unit, queue: TheQueue) -> Response:
    row = await _find_row(await session.connection(), report_id, request)
    if row.job_id is None or row.status not in UNFINISHED:
        raise Conflict(f"The report has ended already: it is {row.status.value}.", code="report_ended")
    await queue.cancel(session, row.job_id)
    return see_other(f"/console/reports/{report_id}", "The report is being cancelled.")


def visible_types(request: Request) -> dict[str, ReportType[Any]]:
    """The declared types that this person may ask for and read."""
    actor, declared = actor_of(request), reports_of(request)
    return {name: each for name, each in declared.types.items() if actor.may(each.permission)}


def _kinds(request: Request) -> list[tuple[str, str]]:
    return [("", "all"), *((name, name) for name in sorted(visible_types(request)))]


async def _find_row(connection: AsyncConnection, report_id: UUID, request: Request) -> ReportRow:
    """One answer for what is not there and for what this person may not know of."""
    row = await find_report(connection, report_id, actor_of(request))
    if row is None or row.type not in visible_types(request):
        raise NotFound(f"There is no report {report_id}, or you may not see reports of its type.")
    return row


async def _find(connection: AsyncConnection, report_id: UUID, request: Request, blobs: Blobs) -> Shown:
    row = await _find_row(connection, report_id, request)
    is_table = row.status is ReportStatus.COMPLETE and row.format is ReportFormat.CSV and row.sha256
    return Shown(row, await read_preview(blobs, row.sha256) if is_table else None)


def _list_values(request: Request, rows: Sequence[ReportRow]) -> dict[str, Any]:
    types = visible_types(request)
    return {
        "reports_shown": rows[:PAGE],
        "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "types": types,
        "may_write": actor_of(request).may("reports.write"),
        "query": dict(request.query_params),
    }


def _values(request: Request, shown: Shown) -> dict[str, Any]:
    return {
        "report": shown.report,
        "preview": shown.preview,
        "declared": visible_types(request)[shown.report.type],
        "is_unfinished": shown.report.status in UNFINISHED,
        "may_write": actor_of(request).may("reports.write"),
        "may_see_jobs": actor_of(request).may("jobs.read"),
    }
