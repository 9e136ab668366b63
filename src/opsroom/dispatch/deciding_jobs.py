"""The job `dispatch.decide`: the state is read under the lock, decided outside of a transaction, written whole."""

import asyncio
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import Parts
from opsroom.dispatch.committing import commit
from opsroom.dispatch.deciding import Decided, Question, Tell, decide
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_models import DecisionType
from opsroom.dispatch.proposals import write_down
from opsroom.dispatch.snapshot import Seen, read_state
from opsroom.dispatch.travelling import travelled

JOB = "dispatch.decide"


class Decide(BaseModel):
    """at: decide as if it were then; none: now. commit: make it binding at once"""

    type: DecisionType = DecisionType.ON_DEMAND
    policy: str
    horizon: int = Field(1, ge=1, le=4)
    seed: int = 0
    iterations: int = Field(ge=1)
    at: AwareDatetime | None = None
    replan: bool = False
    alternatives: bool = True
    commit: bool = False


class Decider:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[Decide, tuple[Seen, Decided]]:
        return JobType(name=JOB, payload=Decide, compute=self._compute, save=self._save)

    async def _compute(self, payload: Decide, run: Run) -> tuple[Seen, Decided]:
        at = payload.at or now()
        async with self._parts.database.transaction() as session:
            seen = await read_state(session, self._options, whole_seconds(at), replan=payload.replan)
        await run.progress(0.1, f"{len(seen.state.orders)} orders, {len(seen.state.vehicles)} vehicles")
        question = Question(
            payload.policy, payload.horizon, payload.seed, payload.iterations, alternatives=payload.alternatives
        )
        loop = asyncio.get_running_loop()

        def tell(fraction: float, message: str) -> None:
            """From the thread; raises there what ends the job, such as somebody's wish to cancel it."""
            asyncio.run_coroutine_threadsafe(run.progress(fraction, message), loop).result()

        return seen, await asyncio.to_thread(self._decided, seen, question, tell)

    def _decided(self, seen: Seen, question: Question, tell: Tell) -> Decided:
        return decide(seen.state, travelled(seen.state, self._options.osrm_url), question, tell)

    async def _save(
        self, session: AsyncSession, payload: Decide, found: tuple[Seen, Decided], run: Run
    ) -> dict[str, Any]:
        row = await write_down(session, *found, kind=payload.type, requested_by=run.requested_by, job_id=run.job_id)
        if payload.commit and row.orders_routed:
            await commit(session, self._parts.queue, row.decision_id, Actor(run.requested_by, run.user_id))
        return {
            "decision_id": row.decision_id,
            "status": row.status.value,
            "orders_routed": len(row.orders_routed),
            "orders_waiting": len(row.orders_waiting),
            "routes": len(row.routes_proposed),
        }


def whole_seconds(at: datetime) -> datetime:
    """Instants of the engine are whole seconds."""
    return at.replace(microsecond=0)
