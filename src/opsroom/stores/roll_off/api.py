"""`/api/v1/stores/archives`: polls of the past moved to files, on request."""

from typing import Annotated

from fastapi import APIRouter, Request

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.jobs.schemas import JobRead
from opsroom.stores.roll_off.actions import request_roll_off
from opsroom.stores.roll_off.job import RollOff

router = APIRouter(prefix="/api/v1/stores/archives", tags=["stores"])


@router.post("", status_code=202)
async def archive_polls(
    body: RollOff,
    request: Request,
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("stores.archives.write")],
) -> JobRead:
    """Move polls of whole months (UTC) older than so many days before the newest poll to archives.

    Figures stay the same; windows that reach back take longer.
    """
    job = await request_roll_off(session, queue, request.app.state.options, body, actor)
    return JobRead.model_validate(job)
