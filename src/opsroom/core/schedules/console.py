"""`/console/reports/schedules`: what is made again and again, for whom, and what became of the letters."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Select

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.forms import errors_of
from opsroom.core.console.render import actor_of, render, see_other
from opsroom.core.console.reports import visible_types
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import Invalid
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.api import TheReports
from opsroom.core.reports.renderers import RENDERERS
from opsroom.core.resources.crud import delete_item
from opsroom.core.resources.declaration import Resource
from opsroom.core.schedules.actions import add_schedule, change_schedule, send_again
from opsroom.core.schedules.models import ReportLetter, ReportSchedule
from opsroom.core.schedules.resources import LETTERS, SCHEDULES
from opsroom.core.schedules.schemas import ScheduleCreate

router = APIRouter(prefix="/console/reports/schedules", include_in_schema=False)

PATH = "/console/reports/schedules"
SHOWN = 30

Writer = Annotated[Actor, allow("reports.schedules.write")]


@router.get("", name="console_schedules", dependencies=[allow("reports.schedules.read")])
async def schedules(request: Request, connection: Reading, edit: UUID | None = None) -> Response:
    return await _page(request, connection, edit)


@router.post("", name="console_schedules_add")
async def add(request: Request, session: Unit, database: TheDatabase, reports: TheReports, actor: Writer) -> Response:
    sent = await _sent(request)
    try:
        asked = ScheduleCreate.model_validate(_values(sent))
        await add_schedule(session, reports, asked, actor)
    except (ValidationError, Invalid) as error:
        async with database.reading() as connection:
            return await _page(request, connection, None, sent, _errors(error))
    return see_other(PATH, "It is on the calendar.")


@router.post("/{schedule_id}", name="console_schedules_change")
async def change(
    schedule_id: UUID, request: Request, session: Unit, database: TheDatabase, reports: TheReports, actor: Writer
) -> Response:
    sent = await _sent(request)
    try:
        given = ScheduleCreate.model_validate(_values(sent)).model_dump()
        await change_schedule(session, reports, schedule_id, given, actor)
    except (ValidationError, Invalid) as error:
        async with database.reading() as connection:
            return await _page(request, connection, schedule_id, sent, _errors(error))
    return see_other(PATH, "Changed.")


@router.post("/{schedule_id}/switch", name="console_schedules_switch")
async def switch(schedule_id: UUID, session: Unit, reports: TheReports, actor: Writer) -> Response:
    active = await session.scalar(select(ReportSchedule.active).where(ReportSchedule.id == schedule_id))
    await change_schedule(session, reports, schedule_id, {"active": not active}, actor)
    return see_other(PATH, "Switched off: it is not made." if active else "Switched on.")


@router.post("/{schedule_id}/remove", name="console_schedules_remove")
async def remove(schedule_id: UUID, session: Unit, actor: Writer) -> Response:
    await delete_item(session, SCHEDULES, schedule_id, actor)
    return see_other(PATH, "Removed. The reports that it asked for are still there.")


@router.post("/letters/{letter_id}/send", name="console_letters_send")
async def send(letter_id: UUID, session: Unit, queue: TheQueue, actor: Writer) -> Response:
    await send_again(session, queue, letter_id, actor)
    return see_other(PATH, "It is sent once more.")


async def _page(
    request: Request,
    connection: AsyncConnection,
    edit: UUID | None,
    sent: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    rows = (await connection.execute(_visible(request, SCHEDULES, ReportSchedule).order_by(ReportSchedule.id))).all()
    letters = _visible(request, LETTERS, ReportLetter).order_by(ReportLetter.id.desc()).limit(SHOWN)
    edited = next((row for row in rows if row.id == edit), None)
    return render(
        request,
        "schedules/list.html",
        status=422 if errors else 200,
        schedules=rows,
        letters=(await connection.execute(letters)).all(),
        kinds=[(name, f"{each.title} ({name})") for name, each in visible_types(request).items()],
        formats=[(each.value, each.value.upper()) for each in RENDERERS],
        edited=edited,
        sent=sent or _written(edited, viewer_of(request).zone_name),
        errors=errors or {},
    )


def _visible(request: Request, resource: Resource, model: type[ReportSchedule | ReportLetter]) -> Select[Any]:
    found = select(*model.__table__.columns)
    rule = resource.rule(actor_of(request))
    return found if rule is None else found.where(rule)


async def _sent(request: Request) -> dict[str, str]:
    async with request.form() as form:
        return {name: str(value).strip() for name, value in form.items()}


def _values(sent: Mapping[str, str]) -> dict[str, Any]:
    try:
        parameters = json.loads(sent.get("parameters") or "{}")
    except ValueError:
        raise Invalid('The parameters are no JSON object; write them like {"window": "last_7d"}.') from None
    recipients = sent.get("recipients", "").replace("\n", ",").split(",")
    return {
        **{name: sent.get(name, "") for name in ("name", "type", "format", "start_local", "recurrence", "zone")},
        "parameters": parameters,
        "recipients": [each.strip() for each in recipients if each.strip()],
        "attach": "attach" in sent,
        "active": True,
    }


def _errors(error: ValidationError | Invalid) -> dict[str, str]:
    """By field; what concerns no single one stands under the empty name."""
    if isinstance(error, Invalid):
        return {"": error.sentence}
    found = errors_of(error)
    return {("recipients" if name.startswith("recipients") else name): words for name, words in found.items()}


def _written(schedule: Any, zone: str) -> dict[str, str]:
    """The fields as they are typed: of a schedule, or those of a new one."""
    if schedule is None:
        return {"zone": zone, "recurrence": "FREQ=WEEKLY;BYDAY=MO", "format": "pdf", "attach": "true"}
    return {
        "name": schedule.name,
        "type": schedule.type,
        "format": schedule.format.value,
        "parameters": json.dumps({name: value for name, value in schedule.parameters.items() if value is not None}),
        "start_local": schedule.start_local.isoformat(timespec="minutes"),
        "recurrence": schedule.recurrence,
        "zone": schedule.zone,
        "recipients": ", ".join(schedule.recipients),
        **({"attach": "true"} if schedule.attach else {}),
    }
