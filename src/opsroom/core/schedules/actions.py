"""Writing schedules: what a person asks for is checked as the report itself would be, and gets its next turn."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.reports.asking import checked_parameters, permitted_type
from opsroom.core.reports.run import Reports
from opsroom.core.resources.crud import Item, create_item, update_item
from opsroom.core.schedules.letters import SEND, Send
from opsroom.core.schedules.models import LetterStatus, ReportLetter, ReportSchedule
from opsroom.core.schedules.resources import SCHEDULES
from opsroom.core.schedules.schemas import ScheduleCreate, ScheduleFields
from opsroom.core.schedules.turns import next_turn


async def add_schedule(session: AsyncSession, reports: Reports, asked: ScheduleCreate, actor: Actor) -> Item:
    values = _whole(reports, asked, actor) | {"owner": actor.name, "user_id": actor.user_id}
    return await create_item(session, SCHEDULES, values, actor)


async def change_schedule(
    session: AsyncSession,
    reports: Reports,
    schedule_id: UUID,
    given: dict[str, Any],
    actor: Actor,
    versions: Collection[int] | None = None,
) -> Item:
    """The whole is checked again; who changes what is made becomes the one in whose name it is made."""
    schedule = await session.get(ReportSchedule, schedule_id)
    if schedule is None or not actor.may(schedule.permission):
        raise NotFound(f"There is no report schedule {schedule_id}.")
    before = {name: getattr(schedule, name) for name in ScheduleFields.model_fields}
    try:
        asked = ScheduleCreate.model_validate(before | given)
    except ValidationError as error:
        raise Invalid("; ".join(str(item["msg"]) for item in error.errors())) from None
    values = _whole(reports, asked, actor)
    if values["type"] != schedule.type or values["parameters"] != schedule.parameters:
        values |= {"owner": actor.name, "user_id": actor.user_id}
    return await update_item(session, SCHEDULES, schedule_id, values, actor, versions=versions)


async def send_again(session: AsyncSession, queue: JobQueue, letter_id: UUID, actor: Actor) -> ReportLetter:
    """Once more, what was sent or given up."""
    letter = await session.get(ReportLetter, letter_id, with_for_update=True)
    if letter is None:
        raise NotFound(f"There is no report letter {letter_id}.")
    if letter.status is LetterStatus.WAITING:
        raise Conflict("The letter is on its way already.", code="letter_waiting")
    letter.status = LetterStatus.WAITING
    letter.sent_at = None
    letter.job_id = (await queue.add(session, SEND, Send(letter_id=letter.id), actor=actor)).id
    await session.flush()
    return letter


def _whole(reports: Reports, asked: ScheduleCreate, actor: Actor) -> dict[str, Any]:
    declared = permitted_type(reports, asked.type, actor)
    parameters = checked_parameters(declared, asked.parameters).model_dump(mode="json")
    return asked.model_dump() | {
        "parameters": parameters,
        "permission": declared.permission,
        "next_at": next_turn(asked.start_local, asked.recurrence, asked.zone, now()) if asked.active else None,
        "error": None,
    }
