"""Corrections of travel times: learned from outcomes, taken only if better on drives held out, and reversible."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.dispatch.beliefs import corrections_in_force
from opsroom.dispatch.engine_values import seconds_of
from opsroom.dispatch.learned_models import CorrectionStatus, TravelCorrection
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.outcome_models import OperationalOutcome
from opsroom.dispatch.planning.corrections import Leg, Verdict, judge
from opsroom.dispatch.promoting import keep

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
        await keep(session, row)
        return {"learned": row.status is CorrectionStatus.ACTIVE, "number": row.number, "why": row.reason}


def _leg(found: dict[str, Any]) -> Leg:
    return Leg(
        found["origin"],
        found["destination"],
        found["predicted_seconds"],
        found["actual_seconds"],
        found["at"],
        found.get("hour"),
        found.get("vehicle_id", ""),
    )


def _row(verdict: Verdict, number: int) -> TravelCorrection:
    learned = verdict.learned
    compared = f"{verdict.error_after:.4f} with it, {verdict.error_before:.4f} without, on {verdict.held_out} drives"
    return TravelCorrection(
        number=number,
        status=CorrectionStatus.ACTIVE if verdict.better else CorrectionStatus.REFUSED,
        factors=[
            {"origin": key[0], "destination": key[1]} | _factor(factor, learned.seen[key])
            for key, factor in learned.corridors.items()
        ],
        hour_factors=[
            {"origin": key[0], "destination": key[1], "hour": key[2]} | _factor(factor, learned.seen_hours[key])
            for key, factor in learned.hours.items()
        ],
        vehicle_factors=[
            {"vehicle_id": key} | _factor(factor, learned.seen_vehicles[key])
            for key, factor in learned.vehicles.items()
        ],
        overall_factor=round(learned.overall, 6),
        trained_on=verdict.trained_on,
        held_out=verdict.held_out,
        error_before=round(verdict.error_before, 6),
        error_after=round(verdict.error_after, 6),
        reason=f"{'better' if verdict.better else 'not better'}: mean log error {compared}"[:400],
    )


def _factor(factor: float, observations: int) -> dict[str, float | int]:
    return {"factor": round(factor, 6), "observations": observations}
