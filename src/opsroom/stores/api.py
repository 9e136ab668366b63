"""`/api/v1/stores`: polls in, and one store's account, timeline and incidents out."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Invalid
from opsroom.core.storage.serve import TheBlobs
from opsroom.stores import actions
from opsroom.stores.asked_parameters import Asked
from opsroom.stores.polls import read_polls
from opsroom.stores.queries import StoreCourse, course_of_store
from opsroom.stores.schemas import PollsAccepted, RejectedPoll, StoreIncidents, StoreTimeline, StoreUptime

router = APIRouter(prefix="/api/v1/stores", tags=["stores"])
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
POLL_EXAMPLE = {"store_id": "8419537941919820732", "timestamp_utc": "2026-11-20T10:00:00Z", "status": "active"}
StoreKey = Annotated[str, Path(description="the store's id, or its external id where that is no word of another path")]


@router.post(
    "/observations",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": {"type": "object"}},
                    "example": [POLL_EXAMPLE],
                },
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        }
    },
)
async def add_observations(
    request: Request,
    session: Unit,
    blobs: TheBlobs,
    _actor: Annotated[Actor, allow("stores.observations.write")],
) -> PollsAccepted:
    """Add polls: one object, an array, or NDJSON, up to 50,000 rows.

    Idempotent: the same store, instant and status again adds nothing. Refused rows are listed, the others are taken.
    """
    lines = request.headers.get("content-type", "").partition(";")[0].strip().lower() in NDJSON
    clock = int(now().timestamp() * 1_000_000)
    polls = await asyncio.to_thread(read_polls, await request.body(), lines=lines, clock=clock)
    if polls.received and not polls.accepted.height:
        first = polls.refused[0]
        raise Invalid(
            f"None of the {polls.received} rows could be taken; row {first.row}, {first.field}: {first.reason}.",
            errors=[{"row": r.row, "field": r.field, "reason": r.reason} for r in polls.refused[:100]],
        )
    added = await actions.ingest_polls(session, blobs, polls.accepted) if polls.accepted.height else 0
    return PollsAccepted(
        received=polls.received,
        accepted=polls.accepted.height,
        added=added,
        rejected=[RejectedPoll(row=r.row, field=r.field, reason=r.reason) for r in polls.refused],
    )


async def asked_course(
    request: Request, connection: Reading, blobs: TheBlobs, store_id: StoreKey, asked: Asked
) -> StoreCourse:
    return await course_of_store(connection, blobs, request.app.state.options, store_id, asked)


# The dependency reads `store_id` from the path, which the linter does not see.
Course = Annotated[StoreCourse, Depends(asked_course, scope="function")]


@router.get("/{store_id}/timeline", dependencies=[allow("stores.observations.read")])
async def read_timeline(course: Course) -> StoreTimeline:
    """Closed, up, down and unknown time of one store without a gap; default: the week before its latest poll."""
    return course.as_timeline()


@router.get("/{store_id}/uptime", dependencies=[allow("stores.observations.read")])
async def read_uptime(course: Course) -> StoreUptime:
    """Exact sums of one store in any span; default: the week before its latest poll."""
    return course.as_uptime()


@router.get("/{store_id}/incidents", dependencies=[allow("stores.observations.read")])
async def read_incidents(course: Course) -> StoreIncidents:
    """Downtimes of one store in any span; default: the week before its latest poll."""
    return course.as_incidents()
