"""Corrections of travel times: learned from outcomes, taken only if better on drives held out, and reversible."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.dispatch.engine_values import seconds_of
from opsroom.dispatch.learned_models import CorrectionStatus, TravelCorrection
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.outcome_models import OperationalOutcome
from opsroom.dispatch.planning.corrections import NONE, Corrections, Leg, Verdict, judge

JOB = "dispatch.learn"
MEMORY = timedelta(days=180)


class Learner:
    """The job type `dispatch.learn`."""

    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    def job_type(self) -> JobType[NoPayload, Verdict | None]:
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save, every=timedelta(days=1))

    async def _compute(self, _payload: NoPayload, _run: Run) -> Verdict | None:
        async with self._database.transaction() as session:
            latest = await session.scalar(select(func.max(OperationalOutcome.recorded_at)))
            if latest is None:
                return None
            recent = OperationalOutcome.recorded_at > latest - MEMORY
            metrics = (await session.scalars(select(OperationalOutcome.metrics).where(recent))).all()
            present = await corrections_in_force(session)
        legs = [_leg(each) for found in metrics for each in found.get("legs", ())]
        return judge(legs, present, seconds_of(latest))

    async def _save(
        self, session: AsyncSession, _payload: NoPayload, verdict: Verdict | None, _run: Run
    ) -> dict[str, Any]:
        if verdict is None:
            return {"learned": False, "why": "there are too few drives to learn from"}
        await take_turn(session)
        newest = await session.scalar(select(TravelCorrection).order_by(TravelCorrection.number.desc()).limit(1))
        if newest is not None and (newest.trained_on, newest.held_out) == (verdict.trained_on, verdict.held_out):
            return {"learned": False, "why": "no drive was made since"}
        row = _row(verdict, 1 if newest is None else newest.number + 1)
        if row.status is CorrectionStatus.ACTIVE:
            await _retire(session)
        session.add(row)
        await session.flush()
        return {"learned": row.status is CorrectionStatus.ACTIVE, "number": row.number, "why": row.reason}


async def corrections_in_force(session: AsyncSession) -> Corrections:
    row = await session.scalar(select(TravelCorrection).where(TravelCorrection.status == CorrectionStatus.ACTIVE))
    if row is None:
        return NONE
    corridors = {(each["origin"], each["destination"]): each["factor"] for each in row.factors}
    return Corrections(row.overall_factor, corridors, {})


async def activate(session: AsyncSession, number: int) -> TravelCorrection:
    """Put an earlier correction in force again; the present one is kept, retired."""
    await take_turn(session)
    row = await _find(session, number)
    if row.status is CorrectionStatus.ACTIVE:
        raise Conflict(f"Correction {number} is in force already.", code="in_force")
    await _retire(session)
    row.status = CorrectionStatus.ACTIVE
    await session.flush()
    return row


async def retire(session: AsyncSession, number: int) -> TravelCorrection:
    """Take the correction out of force; travel times are those of the provider alone."""
    await take_turn(session)
    row = await _find(session, number)
    if row.status is not CorrectionStatus.ACTIVE:
        raise Conflict(f"Correction {number} is not in force.", code="not_in_force")
    row.status = CorrectionStatus.RETIRED
    await session.flush()
    return row


async def _find(session: AsyncSession, number: int) -> TravelCorrection:
    query = select(TravelCorrection).where(TravelCorrection.number == number).with_for_update()
    row: TravelCorrection | None = await session.scalar(query)
    if row is None:
        raise NotFound(f"There is no correction {number}.")
    return row


async def _retire(session: AsyncSession) -> None:
    for row in await session.scalars(
        select(TravelCorrection).where(TravelCorrection.status == CorrectionStatus.ACTIVE).with_for_update()
    ):
        row.status = CorrectionStatus.RETIRED
    await session.flush()


def _leg(found: dict[str, Any]) -> Leg:
    return Leg(found["origin"], found["destination"], found["predicted_seconds"], found["actual_seconds"], found["at"])


def _row(verdict: Verdict, number: int) -> TravelCorrection:
    learned = verdict.learned
    compared = f"{verdict.error_after:.4f} with it, {verdict.error_before:.4f} without, on {verdict.held_out} drives"
    return TravelCorrection(
        number=number,
        status=CorrectionStatus.ACTIVE if verdict.better else CorrectionStatus.REFUSED,
        factors=[
            {
                "origin": origin,
                "destination": destination,
                "factor": round(factor, 6),
                "observations": learned.seen[origin, destination],
            }
            for (origin, destination), factor in learned.corridors.items()
        ],
        overall_factor=round(learned.overall, 6),
        trained_on=verdict.trained_on,
        held_out=verdict.held_out,
        error_before=round(verdict.error_before, 6),
        error_after=round(verdict.error_after, 6),
        reason=f"{'better' if verdict.better else 'not better'}: mean log error {compared}"[:400],
    )
