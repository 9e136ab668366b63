"""Of everything learned one version is in force: changed in turn with deciding, and no version is ever lost."""

from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Conflict, NotFound
from opsroom.dispatch.learned_models import CorrectionStatus, LearnedPolicy, TravelCorrection
from opsroom.dispatch.locking import take_turn

Version = TypeVar("Version", TravelCorrection, LearnedPolicy)

WORDS = {TravelCorrection: "correction", LearnedPolicy: "learned policy"}


async def next_number(session: AsyncSession, model: type[Version]) -> int:
    return (await session.scalar(select(func.max(model.number))) or 0) + 1


async def keep(session: AsyncSession, row: Version) -> None:
    """Write it down; one that is active takes the place of what was in force."""
    if row.status is CorrectionStatus.ACTIVE:
        await _retire_peers(session, row)
    session.add(row)
    await session.flush()


async def activate(session: AsyncSession, model: type[Version], number: int) -> Version:
    """Put an earlier version in force again; the present one is kept, retired.

    Raises:
        NotFound, Conflict: there is none of that number, or it is in force already.
    """
    await take_turn(session)
    row = await _find(session, model, number)
    if row.status is CorrectionStatus.ACTIVE:
        raise Conflict(f"{WORDS[model].capitalize()} {number} is in force already.", code="in_force")
    await _retire_peers(session, row)
    row.status = CorrectionStatus.ACTIVE
    await session.flush()
    return row


async def retire(session: AsyncSession, model: type[Version], number: int) -> Version:
    """Take it out of force; nothing takes its place.

    Raises:
        NotFound, Conflict: there is none of that number, or it is not in force.
    """
    await take_turn(session)
    row = await _find(session, model, number)
    if row.status is not CorrectionStatus.ACTIVE:
        raise Conflict(f"{WORDS[model].capitalize()} {number} is not in force.", code="not_in_force")
    row.status = CorrectionStatus.RETIRED
    await session.flush()
    return row


async def _find(session: AsyncSession, model: type[Version], number: int) -> Version:
    row: Version | None = await session.scalar(select(model).where(model.number == number).with_for_update())
    if row is None:
        raise NotFound(f"There is no {WORDS[model]} {number}.")
    return row


async def _retire_peers(session: AsyncSession, row: Version) -> None:
    model = type(row)
    query = select(model).where(model.status == CorrectionStatus.ACTIVE, _peers(row)).with_for_update()
    for each in await session.scalars(query):
        each.status = CorrectionStatus.RETIRED
    await session.flush()


def _peers(row: TravelCorrection | LearnedPolicy) -> ColumnElement[bool]:
    """What it would take the place of."""
    return LearnedPolicy.policy == row.policy if isinstance(row, LearnedPolicy) else true()
