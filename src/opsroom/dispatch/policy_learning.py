"""The job `dispatch.learn_policy`: parameters or values of a policy, put in force if better on days held out."""

import asyncio
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import Parts
from opsroom.dispatch.deciding_jobs import whole_seconds
from opsroom.dispatch.learned_models import CorrectionStatus, LearnedPolicy
from opsroom.dispatch.locking import take_turn
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.planning.simulation.scores import Interval
from opsroom.dispatch.planning.simulation.training import Trained, Trainer
from opsroom.dispatch.promoting import keep, next_number
from opsroom.dispatch.road_observations import observed_on_the_road
from opsroom.dispatch.simulating import days_like
from opsroom.dispatch.snapshot import read_operation

JOB = "dispatch.learn_policy"

Learnable = Literal["pfa", "cfa", "dla", "vfa", "best"]


class LearnPolicy(BaseModel):
    """policy: pfa, cfa, dla: their parameters; vfa: its values; best: which of all policies it stands for"""

    policy: Learnable
    days: int = Field(4, ge=1, le=100, description="simulated days of the first round, or of each pass over values")
    held_out: int = Field(20, ge=2, le=500, description="further days that what was learned is judged on")
    decisions: int = Field(12, ge=1, le=48, description="decisions of a day")
    iterations: int = Field(40, ge=1, le=10_000, description="the solver's budget for each")


class PolicyLearner:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[LearnPolicy, Trained]:
        return JobType(name=JOB, payload=LearnPolicy, compute=self._compute, save=self._save)

    async def _compute(self, payload: LearnPolicy, run: Run) -> Trained:
        async with self._database.transaction() as session:
            trainer = await trainer_for(session, self._options, payload, now())
        await run.progress(0.05, f"simulated days under {payload.policy}")
        return await asyncio.to_thread(trainer.train, payload.policy)

    async def _save(self, session: AsyncSession, _payload: LearnPolicy, trained: Trained, _run: Run) -> dict[str, Any]:
        row = await keep_learned(session, trained)
        return {"number": row.number, "status": row.status.value, "why": row.reason}


async def trainer_for(session: AsyncSession, options: DispatchOptions, asked: LearnPolicy, at: datetime) -> Trainer:
    """Days are like those before `at`.

    Raises:
        Invalid: there are no vehicles, or too few past orders to take after.
    """
    state = await read_operation(session, options, whole_seconds(at))
    days = days_like(state, asked.decisions, asked.iterations)
    outcomes = await observed_on_the_road(session) if asked.policy == "vfa" else ()
    return Trainer(days.steps, state.learned, outcomes, asked.days, asked.held_out)


async def keep_learned(session: AsyncSession, trained: Trained) -> LearnedPolicy:
    """Write the new version down, in force if it is better."""
    await take_turn(session)
    learned = trained.learned
    row = LearnedPolicy(
        number=await next_number(session, LearnedPolicy),
        policy=learned.policy,
        kind=learned.kind,
        status=CorrectionStatus.ACTIVE if trained.better else CorrectionStatus.REFUSED,
        parameters=learned.parameters,
        waiting_values=[
            {"area": each.area, "steps": each.steps, "share": round(each.share, 6), "observations": each.observations}
            for each in learned.values
        ],
        trained_on=trained.trained_on,
        held_out=trained.held_out,
        cost_before=round(trained.before.mean / 100, 2),
        cost_after=round(trained.after.mean / 100, 2),
        difference_low=round(trained.difference.low / 100, 2),
        difference_high=round(trained.difference.high / 100, 2),
        reason=reason_of(trained),
    )
    await keep(session, row)
    return row


def reason_of(trained: Trained) -> str:
    word = "better" if trained.better else "not surely better"
    told = f"{word}: an order cost KES {_kes(trained.difference)} more on {trained.held_out} days held out"
    return f"{told}, {trained.service_after:.1%} in time after {trained.service_before:.1%}"


def _kes(found: Interval) -> str:
    return f"{found.mean / 100:+,.2f} ({found.low / 100:+,.2f} to {found.high / 100:+,.2f})"
