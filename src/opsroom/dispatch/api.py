"""`/api/v1/dispatch`: what is done with decisions, and what is asked about them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, Field

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Forbidden
from opsroom.core.jobs.queue import TheQueue
from opsroom.dispatch import committing, queries
from opsroom.dispatch.cancelling import cancel_order
from opsroom.dispatch.deciding_jobs import JOB, Decide
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_models import DecisionType
from opsroom.dispatch.plan_schemas import DecisionRead, PolicyName
from opsroom.dispatch.schemas import OrderRead, Shape
from opsroom.dispatch.simulating_jobs import JOB as SIMULATION
from opsroom.dispatch.simulating_jobs import Simulate

router = APIRouter(prefix="/api/v1/dispatch", tags=["dispatch"])

COMMIT = "dispatch.decisions.commit"
DecisionKey = Annotated[str, Path(description="the decision_id")]
OrderKey = Annotated[str, Path(description="the order_id")]


class DecisionAsked(Shape):
    policy: PolicyName | None = Field(None, description="the operation's own, if it is left out")
    horizon: int = Field(1, ge=1, le=4, description="decisions that a policy which looks ahead looks ahead")
    seed: int = Field(0, ge=0, lt=2**31)
    iterations: int | None = Field(None, ge=1, le=100_000, description="the solver's budget")
    at: AwareDatetime | None = Field(None, description="decide as if it were then; now, if it is left out")
    alternatives: bool = Field(True, description="ask the other policies too")
    replan: bool = Field(False, description="take back what is committed but not driven yet")
    commit: bool = Field(False, description="make it binding at once; needs dispatch.decisions.commit")


class DecisionAccepted(Shape):
    job_id: UUID


class Rejection(Shape):
    reason: str = Field(min_length=1, max_length=400)


class Cancellation(Shape):
    reason: str = Field(min_length=1, max_length=400)


@router.post("/decisions", status_code=202)
async def request_decision(
    asked: DecisionAsked,
    request: Request,
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("dispatch.decisions.write")],
) -> DecisionAccepted:
    """Ask for a decision; the job's result names it. It proposes and binds nobody until it is committed."""
    if asked.commit and not actor.may(COMMIT):
        raise Forbidden(f"{actor.name} may ask for proposals, but not commit them.", permission=COMMIT)
    options: DispatchOptions = options_from(request.app.state.options)
    given = asked.model_dump() | {
        "policy": asked.policy or options.policy,
        "iterations": asked.iterations or options.iterations,
        "type": DecisionType.REPLAN if asked.replan else DecisionType.ON_DEMAND,
    }
    job = await queue.add(session, JOB, Decide(**given), actor=actor)
    return DecisionAccepted(job_id=job.id)


@router.post("/decisions/{decision_id}/commit")
async def commit_decision(
    decision_id: DecisionKey, session: Unit, queue: TheQueue, actor: Annotated[Actor, allow(COMMIT)]
) -> DecisionRead:
    """Send its routes. Refused with what has changed if the state is no longer the one it was made for."""
    return DecisionRead.model_validate(await committing.commit(session, queue, decision_id, actor))


@router.post("/decisions/{decision_id}/reject")
async def reject_decision(
    decision_id: DecisionKey, asked: Rejection, session: Unit, _actor: Annotated[Actor, allow(COMMIT)]
) -> DecisionRead:
    """Turn a proposal down."""
    return DecisionRead.model_validate(await committing.reject(session, decision_id, asked.reason))


@router.get("/decisions/{decision_id}/explanation")
async def explain_decision(
    decision_id: DecisionKey, connection: Reading, _actor: Annotated[Actor, allow("dispatch.decisions.read")]
) -> dict[str, Any]:
    """For every order why it goes, with whom and what waiting would cost; or why it stays, and until when."""
    return await queries.explanation(connection, decision_id)


@router.get("/decisions/{decision_id}/replay")
async def replay_decision(
    decision_id: DecisionKey, connection: Reading, _actor: Annotated[Actor, allow("dispatch.decisions.read")]
) -> dict[str, Any]:
    """Make the decision again from its snapshot and say whether it is the same."""
    return await queries.replayed(connection, decision_id)


@router.get("/decisions/{decision_id}/alternatives")
async def compare_decision(
    decision_id: DecisionKey, connection: Reading, _actor: Annotated[Actor, allow("dispatch.decisions.read")]
) -> dict[str, Any]:
    """What other policies proposed on the same state."""
    return await queries.alternatives(connection, decision_id)


@router.get("/decisions/{decision_id}/snapshot")
async def read_decision_snapshot(
    decision_id: DecisionKey, connection: Reading, _actor: Annotated[Actor, allow("dispatch.decisions.read")]
) -> dict[str, Any]:
    """The complete state that was decided upon."""
    row = (await queries.stored(connection, decision_id)).row
    return {"decision_id": row.decision_id, "sha256": row.state_sha256, "state": row.state_snapshot}


@router.post("/simulations", status_code=202)
async def request_simulation(
    asked: Simulate, session: Unit, queue: TheQueue, actor: Annotated[Actor, allow("dispatch.decisions.write")]
) -> DecisionAccepted:
    """Play policies on days like those seen; the job's result is the scorecard."""
    job = await queue.add(session, SIMULATION, asked, actor=actor)
    return DecisionAccepted(job_id=job.id)


@router.post("/orders/{order_id}/cancel")
async def cancel_waiting_order(
    order_id: OrderKey,
    asked: Cancellation,
    session: Unit,
    queue: TheQueue,
    _actor: Annotated[Actor, allow("dispatch.orders.write")],
) -> OrderRead:
    """Take an order that waits out of the operation. One that is on a truck is refused with where it is."""
    return OrderRead.model_validate(await cancel_order(session, queue, order_id, asked.reason))


@router.get("/orders/{order_id}/track")
async def track_order(
    order_id: OrderKey, connection: Reading, _actor: Annotated[Actor, allow("dispatch.orders.read")]
) -> dict[str, Any]:
    """Where an order is, what was decided about it, and when it is expected."""
    return await queries.track(connection, order_id)
