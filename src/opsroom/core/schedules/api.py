"""`/api/v1/report-schedules`: writing schedules, and letters that are sent again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.answers import item_response, seen_versions
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.api import TheReports
from opsroom.core.resources.crud import delete_item
from opsroom.core.schedules.actions import add_schedule, change_schedule, send_again
from opsroom.core.schedules.resources import SCHEDULES
from opsroom.core.schedules.schemas import LetterRead, ScheduleChange, ScheduleCreate, ScheduleRead

router = APIRouter(prefix="/api/v1", tags=["reports"])

Writer = Annotated[Actor, allow("reports.schedules.write")]


@router.post("/report-schedules", status_code=201, response_model=ScheduleRead)
async def create_report_schedule(body: ScheduleCreate, session: Unit, reports: TheReports, actor: Writer) -> Response:
    """Have a report made again and again, and sent to people."""
    item = await add_schedule(session, reports, body, actor)
    return item_response(item, 201, {"Location": f"/api/v1/report-schedules/{item.record['id']}"})


@router.patch("/report-schedules/{report_schedule_id}", response_model=ScheduleRead)
async def update_report_schedule(
    report_schedule_id: UUID,
    body: ScheduleChange,
    request: Request,
    session: Unit,
    reports: TheReports,
    actor: Writer,
) -> Response:
    """Change the given fields; its next turn is counted anew."""
    given: dict[str, Any] = body.model_dump(exclude_unset=True)
    versions = seen_versions(request)
    return item_response(await change_schedule(session, reports, report_schedule_id, given, actor, versions))


@router.delete("/report-schedules/{report_schedule_id}", status_code=204)
async def delete_report_schedule(report_schedule_id: UUID, request: Request, session: Unit, actor: Writer) -> None:
    """Reports that it asked for, and their letters, stay."""
    await delete_item(session, SCHEDULES, report_schedule_id, actor, versions=seen_versions(request))


@router.post("/report-letters/{report_letter_id}/send", status_code=202)
async def send_report_letter_again(report_letter_id: UUID, session: Unit, queue: TheQueue, actor: Writer) -> LetterRead:
    """Send once more what was sent or given up."""
    return LetterRead.model_validate(await send_again(session, queue, report_letter_id, actor))
