"""When a schedule is due, and its turn: one of many workers moves the hand, in the transaction that asks for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.models import User
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.recurrence import occurrences
from opsroom.core.schedules.models import ReportLetter, ReportSchedule

TURNS = "reports.schedules"
LOOK_EVERY = timedelta(minutes=1)
FAR = timedelta(days=800)  # the longest a yearly rule of leap days or fifth Mondays is looked ahead at once
AHEAD = 8  # times

log = structlog.get_logger("opsroom.reports")


def turns_job(parts: Parts) -> JobType[NoPayload, None]:
    return JobType(
        name=TURNS, payload=NoPayload, compute=_nothing, save=Turns(parts).take, every=LOOK_EVERY
    )  # fmt: skip


def next_turn(start_local: datetime, recurrence: str, zone: str, after: datetime) -> datetime | None:
    """The first occurrence after an instant, in UTC; None when the rule has ended.

    A time that the clock skips is taken by the offset before the change, one that it repeats the first time.
    """
    where = ZoneInfo(zone)
    # A day to either side: local times are compared with local times, and offsets change.
    earliest = max(after.astimezone(where).replace(tzinfo=None) - timedelta(days=1), start_local)
    for _ in range(AHEAD):
        for local in occurrences(recurrence, start_local, earliest, earliest + FAR):
            at = local.replace(tzinfo=where).astimezone(UTC)
            if at > after:
                return at
        earliest += FAR
    return None


class Turns:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def take(self, session: AsyncSession, _payload: NoPayload, _computed: None, _run: Run) -> dict[str, Any]:
        at = now()
        due = await session.scalars(
            select(ReportSchedule)
            .where(ReportSchedule.active, ReportSchedule.next_at <= at)
            .order_by(ReportSchedule.next_at, ReportSchedule.id)
        )
        made = [await self._turn(session, schedule, at) for schedule in due.all()]
        return {"asked": sum(made)}

    async def _turn(self, session: AsyncSession, schedule: ReportSchedule, at: datetime) -> bool:
        """Times that passed while nothing ran are made up for by one."""
        moved = (
            update(ReportSchedule)
            .where(ReportSchedule.id == schedule.id, ReportSchedule.next_at == schedule.next_at)
            .values(
                next_at=next_turn(schedule.start_local, schedule.recurrence, schedule.zone, at),
                last_at=schedule.next_at,
            )
            .returning(ReportSchedule.id)
            .execution_options(synchronize_session=False)
        )
        if (await session.execute(moved)).scalar() is None:
            return False
        error = await self._ask(session, schedule)
        if error != schedule.error:
            said = update(ReportSchedule).where(ReportSchedule.id == schedule.id).values(error=error)
            await session.execute(said.execution_options(synchronize_session=False))
        return error is None

    async def _ask(self, session: AsyncSession, schedule: ReportSchedule) -> str | None:
        """The sentence that says why not, if not."""
        actor = await self._owner(session, schedule)
        if actor is None or not actor.may(schedule.permission):
            return f"{schedule.owner} may no longer read reports of this type."
        try:
            async with session.begin_nested():
                await ask_for(session, self._parts, schedule, actor)
        except Conflict as refusal:
            return refusal.sentence
        except (NotFound, ValidationError) as error:  # the type is gone, or takes other parameters now
            return f"The report cannot be asked for any more: {error}"
        return None

    async def _owner(self, session: AsyncSession, schedule: ReportSchedule) -> Actor | None:
        user = await session.get(User, schedule.user_id) if schedule.user_id else None
        if user is None or not user.is_active:
            return None
        permissions = self._parts.roles.of(user.role, user.grants)
        return Actor(user.username, user.id, permissions=permissions, is_superuser=user.is_superuser)


async def ask_for(
    session: AsyncSession, parts: Parts, schedule: ReportSchedule, actor: Actor
) -> Sequence[ReportLetter]:
    """The report and its letters, which are sent when it is done."""
    parameters = parts.reports.declared(schedule.type).parameters.model_validate(schedule.parameters)
    report = await parts.reports.request(
        session, parts.queue, schedule.type, parameters, schedule.format, actor
    )  # fmt: skip
    letters = [
        ReportLetter(
            report_id=report.id,
            schedule_id=schedule.id,
            subject=schedule.name,
            recipient=recipient,
            attach=schedule.attach,
        )
        for recipient in schedule.recipients
    ]
    session.add_all(letters)
    await session.flush()
    return letters


async def _nothing(_payload: NoPayload, _run: Run) -> None:
    """All of it is one transaction."""
