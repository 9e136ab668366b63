"""The first page: what is under way, what failed, which reports are ready, and where to go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import PUBLIC, allow
from opsroom.core.console.job_rows import Counts, JobFilter, JobRow, count_jobs, list_jobs
from opsroom.core.console.live import stream
from opsroom.core.console.render import actor_of, html, render, see_other
from opsroom.core.console.report_rows import ReportFilter, ReportRow, list_reports
from opsroom.core.console.reports import visible_types
from opsroom.core.db.session import Reading

router = APIRouter(include_in_schema=False)

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Overview:
    counts: Counts
    unfinished: Sequence[JobRow]
    failed: Sequence[JobRow]
    reports: Sequence[ReportRow]


@router.get("/", name="console_root", dependencies=[allow(PUBLIC)])
@router.get("/console", name="console_bare", dependencies=[allow(PUBLIC)])
async def to_console() -> Response:
    return see_other("/console/")


@router.get("/console/", name="console_home", dependencies=[allow("console.read")])
async def home(request: Request, connection: Reading) -> Response:
    may_look = actor_of(request).may("jobs.read")
    overview = await _look(connection, _types(request), actor_of(request)) if may_look else None
    return render(request, "home.html", **_values(request, overview))


@router.get("/console/live", name="console_home_live", dependencies=[allow("jobs.read")])
async def home_live(request: Request) -> StreamingResponse:
    return stream(
        request,
        partial(_look, types=_types(request), actor=actor_of(request)),
        lambda seen: html(request, "home_work.html", **_values(request, seen)),
    )


async def _look(connection: AsyncConnection, types: Collection[str], actor: Actor) -> Overview:
    return Overview(
        counts=await count_jobs(connection),
        unfinished=(await list_jobs(connection, JobFilter(status="unfinished")))[:SHOWN],
        failed=(await list_jobs(connection, JobFilter(status="failed")))[:SHOWN],
        reports=(await list_reports(connection, ReportFilter(status="complete"), types, actor))[:SHOWN],
    )


def _types(request: Request) -> Collection[str]:
    return visible_types(request) if actor_of(request).may("reports.read") else ()


def _values(request: Request, overview: Overview | None) -> dict[str, Any]:
    return {"overview": overview, "types": visible_types(request)}
