"""The course of a nonconformance and of its corrective actions."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.db.rules import States
from opsroom.core.errors import Conflict, Forbidden, NotFound
from opsroom.quality.kinds import ActionStatus, NonconformanceStatus
from opsroom.quality.naming import id_of
from opsroom.quality.nonconformances.models import (
    ACTION_STATES,
    NONCONFORMANCE_STATES,
    CorrectiveAction,
    Nonconformance,
)


async def move_nonconformance(
    session: AsyncSession, named: str, status: NonconformanceStatus, **changes: Any
) -> Nonconformance:
    """
    Raises:
        NotFound, Conflict: there is none, or it does not go from its state to this one.
    """
    found_id = await id_of(session, Nonconformance.number, named, field="nonconformance_id")
    found = await session.get_one(Nonconformance, found_id, with_for_update=True, populate_existing=True)
    _check(NONCONFORMANCE_STATES, found.status.value, status.value, f"The nonconformance {found.number}")
    _set(found, changes | {"status": status})
    if status is NonconformanceStatus.CLOSED:
        found.closed_at = now()
    await session.flush()
    return found


async def finish_action(session: AsyncSession, action_id: UUID) -> CorrectiveAction:
    return await _move(session, action_id, ActionStatus.DONE, done_at=now())


async def cancel_action(session: AsyncSession, action_id: UUID) -> CorrectiveAction:
    return await _move(session, action_id, ActionStatus.CANCELLED)


async def check_action(
    session: AsyncSession, actor: Actor, action_id: UUID, *, effective: bool, result: str
) -> CorrectiveAction:
    """
    Raises:
        Forbidden: its owner does not judge it.
    """
    found = await session.get(CorrectiveAction, action_id)
    if found is not None and found.owner == actor.name:
        raise Forbidden("Its owner does not judge an action; ask another person.", code="second_person_needed")
    status = ActionStatus.EFFECTIVE if effective else ActionStatus.INEFFECTIVE
    return await _move(session, action_id, status, effectiveness_result=result, checked_by=actor.name, checked_at=now())


async def _move(session: AsyncSession, action_id: UUID, status: ActionStatus, **changes: Any) -> CorrectiveAction:
    found = await session.get(CorrectiveAction, action_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no corrective action {action_id}.")
    _check(ACTION_STATES, found.status.value, status.value, "The action")
    _set(found, changes | {"status": status})
    await session.flush()
    return found


def _check(states: States, before: str, after: str, what: str) -> None:
    if before == after or not states.allows(before, after):
        ways = ", ".join(states.moves[before]) or "nothing any more"
        raise Conflict(f"{what} is {before} and cannot become {after}; from here: {ways}.", code="status_moves")


def _set(record: Nonconformance | CorrectiveAction, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(record, name, value)
