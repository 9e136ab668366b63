"""The job `dispatch.simulate`: its result is the scorecard."""

import asyncio
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import Parts
from opsroom.dispatch.deciding_jobs import whole_seconds
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_schemas import PolicyName
from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.simulation.scores import Score
from opsroom.dispatch.simulating import compared, days_like, named, reliability_of
from opsroom.dispatch.snapshot import read_operation

JOB = "dispatch.simulate"


class Simulate(BaseModel):
    """policies: the first is the one that the others are compared with"""

    policies: list[PolicyName] = Field(["greedy", "lazy", "pfa"], min_length=1, max_length=7)
    days: int = Field(5, ge=1, le=200)
    decisions: int = Field(12, ge=1, le=48, description="decisions of a day")
    iterations: int = Field(40, ge=1, le=10_000, description="the solver's budget for each")
    first_seed: int = Field(0, ge=0, lt=2**31)


class Simulator:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[Simulate, dict[str, Any]]:
        return JobType(name=JOB, payload=Simulate, compute=self._compute, save=self._save)

    async def _compute(self, payload: Simulate, run: Run) -> dict[str, Any]:
        async with self._database.transaction() as session:
            state = await read_operation(session, self._options, whole_seconds(now()))
        days = days_like(state, payload.decisions, payload.iterations)
        policies = named(dict.fromkeys(payload.policies), state.learned)
        scores: dict[str, list[Score]] = {name: [] for name in policies}
        choices: list[tuple[Agreement, bool]] = []
        for number in range(payload.days):
            for place, (name, policy) in enumerate(policies.items()):
                done = (number * len(policies) + place) / (payload.days * len(policies))
                await run.progress(done, f"day {number + 1} of {payload.days}: {name}")
                day, chosen = await asyncio.to_thread(days.played, policy, payload.first_seed + number)
                scores[name].append(day)
                choices += chosen
        return compared(scores) | {"reliability": reliability_of(choices)}

    async def _save(
        self, _session: AsyncSession, payload: Simulate, found: dict[str, Any], _run: Run
    ) -> dict[str, Any]:
        return {"asked": payload.model_dump(), **found}
