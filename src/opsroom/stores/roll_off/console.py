"""`/console/stores/archives`: which months have left the table, and the button that sends more after them."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import func, select

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render, see_other
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Invalid
from opsroom.core.jobs.queue import TheQueue
from opsroom.stores.archive.models import ObservationArchive
from opsroom.stores.roll_off.actions import request_roll_off
from opsroom.stores.roll_off.job import RollOff

router = APIRouter(prefix="/console/stores/archives", include_in_schema=False)

MONTHS = (
    select(
        ObservationArchive.month,
        func.sum(ObservationArchive.polls).label("polls"),
        func.sum(ObservationArchive.stores).label("stores"),
        func.sum(ObservationArchive.size_bytes).label("size_bytes"),
        func.count().label("files"),
        func.max(ObservationArchive.updated_at, type_=ObservationArchive.updated_at.type).label("archived_at"),
    )
    .group_by(ObservationArchive.month)
    .order_by(ObservationArchive.month.desc())
)


@router.get("", name="console_stores_archives", dependencies=[allow("stores.archives.read")])
async def archives(request: Request, connection: Reading) -> Response:
    months: list[Any] = list((await connection.execute(MONTHS)).all())
    return render(
        request, "stores/archives.html", months=months, keep_days=request.app.state.options["keep_polls_days"]
    )


@router.post("", name="console_stores_archive")
async def archive_now(
    request: Request,
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("stores.archives.write")],
    keep_days: Annotated[str, Form(max_length=9)] = "",
) -> Response:
    job = await request_roll_off(session, queue, request.app.state.options, _wanted(keep_days.strip()), actor)
    return see_other(f"/console/jobs/{job.id}", "Old polls are being archived.")


def _wanted(days: str) -> RollOff:
    if days and not (days.isdecimal() and int(days)):
        raise Invalid(f"{days!r} is no number of days; write a whole number above 0.", field="keep_days")
    return RollOff(keep_days=int(days) if days else None)
