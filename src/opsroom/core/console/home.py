"""The first page: what is under way, what failed, and where to go."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.auth.guards import PUBLIC, allow
from opsroom.core.console.job_rows import Counts, JobFilter, JobRow, count_jobs, list_jobs
from opsroom.core.console.live import stream
from opsroom.core.console.render import actor_of, html, render, see_other
from opsroom.core.db.session import Reading

router = APIRouter(include_in_schema=False)

Overview = tuple[Counts, Sequence[JobRow], Sequence[JobRow]]
SHOWN = 8


@router.get("/", name="console_root", dependencies=[allow(PUBLIC)])
@router.get("/console", name="console_bare", dependencies=[allow(PUBLIC)])
async def to_console() -> Response:
    return see_other("/console/")


@router.get("/console/", name="console_home", dependencies=[allow("console.read")])
async def home(request: Request, connection: Reading) -> Response:
    overview = await _look(connection) if actor_of(request).may("jobs.read") else None
    return render(request, "home.html", **_values(overview))


@router.get("/console/live", name="console_home_live", dependencies=[allow("jobs.read")])
async def home_live(request: Request) -> StreamingResponse:
    return stream(request, _look, lambda seen: html(request, "home_work.html", **_values(seen)))


async def _look(connection: AsyncConnection) -> Overview:
    unfinished = await list_jobs(connection, JobFilter(status="unfinished"))
    ended = await list_jobs(connection, JobFilter(status="failed"))
    return await count_jobs(connection), unfinished[:SHOWN], ended[:SHOWN]


def _values(overview: Overview | None) -> dict[str, Any]:
    counts, unfinished, failed = overview or (None, (), ())
    return {"counts": counts, "unfinished": unfinished, "failed": failed}
