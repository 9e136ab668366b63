"""`/console/dispatch`: the board of waiting orders, and decisions with what, why and what else."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.console.live import stream
from opsroom.core.console.render import html, render, see_other
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.jobs.models import UNFINISHED, Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.resources.crud import create_item
from opsroom.dispatch import board, committing, queries
from opsroom.dispatch.cancelling import cancel_order
from opsroom.dispatch.deciding_jobs import JOB, Decide
from opsroom.dispatch.models import RuleKind
from opsroom.dispatch.options import options_from
from opsroom.dispatch.picture import draw_map
from opsroom.dispatch.places import gazetteer
from opsroom.dispatch.plan_models import DecisionType, Route
from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.resources import RULES

router = APIRouter(prefix="/console/dispatch", include_in_schema=False)

PATH = "/console/dispatch"
POLICY_WORDS = {
    "best": "best: the recommended one",
    "greedy": "greedy: send everything",
    "lazy": "lazy: send what must go",
    "pfa": "pfa: send when full or due",
    "cfa": "cfa: send when it pays now",
    "vfa": "vfa: send when waiting is worth less",
    "dla": "dla: send what futures agree on",
}


@router.get("", name="console_dispatch", dependencies=[allow("dispatch.orders.read")])
async def show_board(request: Request, connection: Reading, job: UUID | None = None) -> Response:
    """Which orders wait, and for how long they still can."""
    at = now()
    waiting = await board.waiting_orders(connection, at)
    return render(
        request,
        "dispatch/board.html",
        waiting=waiting,
        tonnes=sum(each.order.weight_tonnes for each in waiting),
        pressing=sum(each.kind in {"down", "waiting"} for each in waiting),
        fleet=await board.fleet(connection),
        policies=list(POLICY_WORDS.items()),
        usual=options_from(request.app.state.options).policy,
        watched=None if job is None else await watched(connection, job),
    )


@router.get("/glance", name="console_dispatch_glance", dependencies=[allow("dispatch.orders.read")])
async def glance(request: Request, connection: Reading) -> Response:
    wait, pressing = await board.how_many_wait(connection, now())
    return render(request, "dispatch/glance.html", wait=wait, pressing=pressing, fleet=await board.fleet(connection))


@router.post("/decisions", name="console_dispatch_decide")
async def ask(
    request: Request,
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("dispatch.decisions.write")],
    policy: Annotated[str, Form()] = "",
    replan: Annotated[str, Form()] = "",
) -> Response:
    options = options_from(request.app.state.options)
    if policy and policy not in POLICIES:
        raise Invalid(f"policy: {policy} is not one of {', '.join(sorted(POLICIES))}.", field="policy")
    asked = Decide(
        type=DecisionType.REPLAN if replan else DecisionType.ON_DEMAND,
        policy=policy or options.policy,
        iterations=options.iterations,
        replan=bool(replan),
    )
    job = await queue.add(session, JOB, asked, actor=actor)
    return see_other(f"{PATH}?job={job.id}")


@router.post("/orders/{order_id}/cancel", name="console_dispatch_cancel")
async def cancel(
    order_id: str,
    session: Unit,
    queue: TheQueue,
    _actor: Annotated[Actor, allow("dispatch.orders.write")],
    reason: Annotated[str, Form()] = "",
) -> Response:
    if not reason.strip():
        raise Invalid("reason: say why it is cancelled.", field="reason")
    await cancel_order(session, queue, order_id, reason.strip()[:400])
    return see_other(PATH, f"{order_id} is cancelled.")


@router.get("/progress/{job_id}/live", name="console_dispatch_work", dependencies=[allow("dispatch.decisions.read")])
async def watch(job_id: UUID, request: Request) -> StreamingResponse:
    async def load(connection: AsyncConnection) -> dict[str, Any]:
        return await watched(connection, job_id)

    return stream(
        request, load, lambda seen: html(request, "dispatch/work.html", watched=seen), lambda seen: seen["ended"]
    )


@router.get("/decisions", name="console_dispatch_decisions", dependencies=[allow("dispatch.decisions.read")])
async def list_decisions(request: Request, connection: Reading) -> Response:
    return render(request, "dispatch/decisions.html", rows=await board.decisions(connection))


@router.get(
    "/decisions/{decision_id}", name="console_dispatch_decision", dependencies=[allow("dispatch.decisions.read")]
)
async def show_decision(decision_id: str, request: Request, connection: Reading) -> Response:
    """What goes and what waits, why, what else was possible, and how sure that is."""
    row = (await queries.stored(connection, decision_id)).row
    why = await queries.explanation(connection, decision_id)
    routes = await board.routes_with_stops(connection, Route.route_id.in_([r["route_id"] for r in row.routes_proposed]))
    fleet = await board.vehicles(connection)
    known = await gazetteer(connection)
    used = {route.vehicle_id for route, _ in routes}
    return render(
        request,
        "dispatch/decision.html",
        decision=row,
        orders=why["orders"],
        travel=why["travel"],
        routes=routes,
        other=await queries.alternatives(connection, decision_id),
        picture=draw_map(known.cities, routes, [each for each in fleet if each.vehicle_id in used]),
        fleet=fleet,
    )


@router.post("/decisions/{decision_id}/commit", name="console_dispatch_commit")
async def commit(
    decision_id: str, session: Unit, queue: TheQueue, actor: Annotated[Actor, allow("dispatch.decisions.commit")]
) -> Response:
    row = await committing.commit(session, queue, decision_id, actor)
    return see_other(f"{PATH}/decisions/{decision_id}", f"{len(row.orders_routed)} orders are sent.")


@router.post("/decisions/{decision_id}/reject", name="console_dispatch_reject")
async def reject(
    decision_id: str,
    session: Unit,
    _actor: Annotated[Actor, allow("dispatch.decisions.commit")],
    reason: Annotated[str, Form()] = "",
) -> Response:
    if not reason.strip():
        raise Invalid("reason: say why it is turned down.", field="reason")
    await committing.reject(session, decision_id, reason.strip()[:400])
    return see_other(f"{PATH}/decisions/{decision_id}", "Turned down.")


@router.post("/decisions/{decision_id}/rules", name="console_dispatch_rule")
async def pin(
    decision_id: str,
    session: Unit,
    actor: Annotated[Actor, allow("dispatch.orders.write")],
    order_id: Annotated[str, Form()],
    vehicle_id: Annotated[str, Form()],
    kind: Annotated[str, Form()],
) -> Response:
    """Say which vehicle must or may not take an order; the next decision keeps to it."""
    try:
        values = {"order_id": order_id, "vehicle_id": vehicle_id, "kind": RuleKind(kind), "reason": None}
    except ValueError:
        raise Invalid("kind: pin or forbid.", field="kind") from None
    await create_item(session, RULES, values, actor)
    said = "goes with" if kind == "pin" else "does not go with"
    return see_other(f"{PATH}/decisions/{decision_id}", f"{order_id} {said} {vehicle_id}. Decide again to see it.")


async def watched(connection: AsyncConnection, job_id: UUID) -> dict[str, Any]:
    query = select(Job.id, Job.type, Job.status, Job.progress, Job.message, Job.error, Job.result)
    row = (await connection.execute(query.where(Job.id == job_id))).one_or_none()
    if row is None or not row.type.startswith("dispatch."):
        raise NotFound(f"There is no such work: {job_id}.")
    return {**row._mapping, "ended": row.status not in UNFINISHED}  # noqa: SLF001  SQLAlchemy's public name
