"""`/console/dispatch/map`, `/day`, `/scorecard`: what is on the road, vehicles' days, and how policies have done."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import select

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.console.render import render, see_other
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Invalid
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.parts import NoPayload
from opsroom.dispatch import board, console, learning, policy_learning
from opsroom.dispatch.learned_models import LearnedPolicy, TravelCorrection
from opsroom.dispatch.options import options_from
from opsroom.dispatch.picture import day_bars, draw_map
from opsroom.dispatch.places import gazetteer
from opsroom.dispatch.plan_models import Route, RouteStatus
from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.planning.simulation.training import LEARNABLE
from opsroom.dispatch.promoting import activate, retire
from opsroom.dispatch.simulating_jobs import JOB, Simulate
from opsroom.dispatch.trust import reliability_chart

router = APIRouter(prefix="/console/dispatch", include_in_schema=False)

DAY = 24  # hours of a vehicle's day
Verb = Literal["activate", "retire"]
VERBS: dict[Verb, Any] = {"activate": activate, "retire": retire}


@router.get("/map", name="console_dispatch_map", dependencies=[allow("dispatch.routes.read")])
async def show_map(request: Request, connection: Reading) -> Response:
    """Where every vehicle is, and what it is on its way to do."""
    routes = await board.routes_with_stops(connection, Route.status.in_(board.ON_THE_ROAD))
    fleet = await board.vehicles(connection)
    known = await gazetteer(connection)
    return render(
        request, "dispatch/map.html", routes=routes, fleet=fleet, picture=draw_map(known.cities, routes, fleet)
    )


@router.get("/day", name="console_dispatch_day", dependencies=[allow("dispatch.routes.read")])
async def show_day(request: Request, connection: Reading, on: date | None = None) -> Response:
    """What each vehicle does from midnight to midnight, the dispatchers' time."""
    options = options_from(request.app.state.options)
    day = on or now().astimezone(options.zone).date()
    begin = datetime.combine(day, datetime.min.time(), options.zone)
    end = begin + timedelta(hours=DAY)
    shown = (Route.status != RouteStatus.PLANNED, Route.status != RouteStatus.CANCELLED)
    touching = (Route.leaves_at < end, Route.returns_at > begin - timedelta(hours=DAY))
    routes = await board.routes_with_stops(connection, *shown, *touching)
    return render(
        request,
        "dispatch/day.html",
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        zone=options.zone.key,
        fleet=await board.vehicles(connection),
        bars=day_bars(routes, begin, DAY, timedelta(seconds=options.loading)),
        ticks=[(hour / DAY, f"{hour:02}") for hour in range(0, DAY + 1, 3)],
        viewer_zone=viewer_of(request).zone_name,
    )


@router.get("/scorecard", name="console_dispatch_scorecard", dependencies=[allow("dispatch.decisions.read")])
async def show_scorecard(request: Request, connection: Reading, job: UUID | None = None) -> Response:
    """How policies did on the road, and how they do on simulated days."""
    done = (Job.type == JOB, Job.status == JobStatus.SUCCEEDED)
    newest = select(Job.result, Job.finished_at).where(*done).order_by(Job.finished_at.desc()).limit(1)
    simulated = (await connection.execute(newest)).one_or_none()
    return render(
        request,
        "dispatch/scorecard.html",
        cards=await board.outcome_card(connection),
        half=board.half,
        simulated=simulated,
        trust=None if simulated is None else reliability_chart(simulated.result.get("reliability")),
        watched=None if job is None else await console.watched(connection, job),
        policies=list(console.POLICY_WORDS.items()),
        learned=await board.learned(connection, LearnedPolicy),
        corrections=await board.learned(connection, TravelCorrection),
        learnable=[(name, console.POLICY_WORDS[name]) for name in LEARNABLE],
    )


@router.post("/simulations", name="console_dispatch_simulate")
async def simulate(
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("dispatch.decisions.write")],
    policies: Annotated[list[str], Form()],
    days: Annotated[int, Form(ge=1, le=200)] = 5,
) -> Response:
    if unknown := sorted(set(policies) - POLICIES.keys()):
        raise Invalid(f"policies: {', '.join(unknown)} is not a policy.", field="policies")
    asked = Simulate.model_validate({"policies": policies, "days": days})
    job = await queue.add(session, JOB, asked, actor=actor)
    return see_other(f"{console.PATH}/scorecard?job={job.id}")


@router.post("/learned-policies", name="console_dispatch_learn")
async def learn(
    session: Unit,
    queue: TheQueue,
    actor: Annotated[Actor, allow("dispatch.outcomes.write")],
    policy: Annotated[str, Form()],
) -> Response:
    if policy not in LEARNABLE:
        raise Invalid(f"policy: {policy} is not one of {', '.join(LEARNABLE)}.", field="policy")
    asked = policy_learning.LearnPolicy.model_validate({"policy": policy})
    job = await queue.add(session, policy_learning.JOB, asked, actor=actor)
    return see_other(f"{console.PATH}/scorecard?job={job.id}")


@router.post("/learned-policies/{number}/{verb}", name="console_dispatch_promote")
async def promote(
    number: int, verb: Verb, session: Unit, _actor: Annotated[Actor, allow("dispatch.outcomes.write")]
) -> Response:
    row = await VERBS[verb](session, LearnedPolicy, number)
    return see_other(f"{console.PATH}/scorecard", f"Version {number} of {row.policy} is {row.status.value}.")


@router.post("/corrections", name="console_dispatch_learn_roads")
async def learn_roads(
    session: Unit, queue: TheQueue, actor: Annotated[Actor, allow("dispatch.outcomes.write")]
) -> Response:
    job = await queue.add(session, learning.JOB, NoPayload(), actor=actor)
    return see_other(f"{console.PATH}/scorecard?job={job.id}")


@router.post("/corrections/{number}/{verb}", name="console_dispatch_correct")
async def correct(
    number: int, verb: Verb, session: Unit, _actor: Annotated[Actor, allow("dispatch.outcomes.write")]
) -> Response:
    row = await VERBS[verb](session, TravelCorrection, number)
    return see_other(f"{console.PATH}/scorecard", f"Correction {number} is {row.status.value}.")
