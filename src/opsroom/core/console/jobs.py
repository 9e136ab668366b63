"""`/console/jobs`: what is being worked on, what failed and why; stopping and trying again."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.auth.guards import allow
from opsroom.core.console.job_rows import PAGE, Counts, JobFilter, JobRow, count_jobs, find_job, list_jobs
from opsroom.core.console.live import stream
from opsroom.core.console.render import actor_of, html, render, see_other
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import NotFound
from opsroom.core.jobs.models import UNFINISHED, JobStatus
from opsroom.core.jobs.queue import JobQueue, TheQueue
from opsroom.core.reports.run import JOB as REPORT_JOB

router = APIRouter(prefix="/console/jobs", include_in_schema=False)

Listed = tuple[Counts, Sequence[JobRow]]


def filter_of(status: str = "", type: str = "", before: UUID | None = None) -> JobFilter:  # noqa: A002  the query's name
    return JobFilter(status, type, before)


Wanted = Annotated[JobFilter, Depends(filter_of)]


@router.get("", name="console_jobs", dependencies=[allow("jobs.read")])
async def jobs(request: Request, connection: Reading, wanted: Wanted, queue: TheQueue) -> Response:
    seen = await _list(connection, wanted)
    kinds = [("", "all"), *((name, name) for name in sorted(queue.types))]
    return render(request, "jobs/list.html", wanted=wanted, kinds=kinds, **_list_values(request, seen))


@router.get("/live", name="console_jobs_live", dependencies=[allow("jobs.read")])
async def jobs_live(request: Request, wanted: Wanted) -> StreamingResponse:
    return stream(
        request,
        partial(_list, wanted=wanted),
        lambda seen: html(request, "jobs/rows.html", **_list_values(request, seen)),
    )


@router.get("/{job_id}", name="console_job", dependencies=[allow("jobs.read")])
async def job(job_id: UUID, request: Request, connection: Reading) -> Response:
    return render(request, "jobs/job.html", **_job_values(request, await _find(connection, job_id)))


@router.get("/{job_id}/live", name="console_job_live", dependencies=[allow("jobs.read")])
async def job_live(job_id: UUID, request: Request) -> StreamingResponse:
    return stream(
        request,
        partial(_find, job_id=job_id),
        lambda row: html(request, "jobs/record.html", **_job_values(request, row)),
        lambda row: row.status not in UNFINISHED,
    )


@router.post("/{job_id}/cancel", name="console_job_cancel", dependencies=[allow("jobs.cancel")])
async def cancel(job_id: UUID, session: Unit, queue: TheQueue) -> Response:
    found = await queue.cancel(session, job_id)
    stopping = found.status is JobStatus.RUNNING
    return see_other(
        f"/console/jobs/{job_id}", "The job stops at its next step." if stopping else "The job was cancelled."
    )


@router.post("/{job_id}/retry", name="console_job_retry", dependencies=[allow("jobs.cancel")])
async def retry(job_id: UUID, session: Unit, queue: TheQueue) -> Response:
    await queue.retry(session, job_id)
    return see_other(f"/console/jobs/{job_id}", "The job is queued again.")


async def _list(connection: AsyncConnection, wanted: JobFilter) -> Listed:
    return await count_jobs(connection), await list_jobs(connection, wanted)


def _list_values(request: Request, seen: Listed) -> dict[str, Any]:
    counts, rows = seen
    return {
        "counts": counts,
        "jobs_shown": rows[:PAGE],
        "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "query": dict(request.query_params),
    }


async def _find(connection: AsyncConnection, job_id: UUID) -> JobRow:
    found = await find_job(connection, job_id)
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    return found


def _job_values(request: Request, row: JobRow) -> dict[str, Any]:
    """Input and traceback are for those who may act on them: they can quote what not everybody should read."""
    may_act = actor_of(request).may("jobs.cancel")
    queue: JobQueue = request.app.state.queue
    ended_badly = row.status in {JobStatus.FAILED, JobStatus.CANCELLED}
    return {
        "job": row,
        "may_act": may_act,
        "is_unfinished": row.status in UNFINISHED,
        "can_retry": may_act and ended_badly and not queue.instead_of_retrying(row.type),
        "report_id": row.payload.get("report_id") if row.type == REPORT_JOB else None,
    }
