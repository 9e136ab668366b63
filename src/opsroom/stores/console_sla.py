"""`/console/stores/sla`: promises, what is left of their budgets, and what was stated about months."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.cache import Packing
from opsroom.core.console.forms import errors_of
from opsroom.core.console.render import render, see_other
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.resources.crud import create_item
from opsroom.stores.archive.history import TheHistory
from opsroom.stores.options import options_from
from opsroom.stores.recent import recent
from opsroom.stores.sla.jobs import STATEMENTS, StatementsWanted
from opsroom.stores.sla.models import SlaBreach, SlaPolicy, SlaStatement
from opsroom.stores.sla.policies import active_policies, find_policy
from opsroom.stores.sla.resources import POLICIES
from opsroom.stores.sla.schemas import PolicyCreate, StandingRead, StatementAsked
from opsroom.stores.sla.standing import standing_of

_STANDING: TypeAdapter[StandingRead | None] = TypeAdapter(StandingRead | None)
# Pydantic's own error for bytes that are no such record is a ValueError.
STANDING: Packing[StandingRead | None] = Packing("stores.standing", _STANDING.dump_json, _STANDING.validate_json)

router = APIRouter(prefix="/console/stores/sla", include_in_schema=False)

PATH = "/console/stores/sla"
STORES = 50
BREACHES = 50

Reader = allow("stores.sla.read")
Writer = Annotated[Actor, allow("stores.sla.write")]


@router.get("", name="console_stores_sla", dependencies=[Reader])
async def policies(request: Request, connection: Reading, history: TheHistory) -> Response:
    """Every promise and what is left of its budget."""
    return await _list(request, connection, history)


@router.post("", name="console_stores_sla_promise")
async def promise(request: Request, session: Unit, history: TheHistory, actor: Writer) -> Response:
    async with request.form() as form:
        sent = {name: str(value).strip() for name, value in form.items()}
    try:
        policy = PolicyCreate.model_validate(_values(sent))
        created = await create_item(session, POLICIES, policy.model_dump(), actor)
    except ValidationError as error:
        errors = errors_of(error)
    except NotFound as refusal:
        errors = {"store_id": refusal.sentence}
    except Conflict as refusal:
        errors = {"name": refusal.sentence}
    else:
        return see_other(f"{PATH}/{created.record['id']}", "Promised.")
    async with history.database.reading() as connection:
        return await _list(request, connection, history, sent, errors)


@router.get("/{policy_id}", name="console_stores_sla_policy", dependencies=[Reader])
async def policy(policy_id: UUID, request: Request, connection: Reading, history: TheHistory) -> Response:
    found = await find_policy(history.database, policy_id)
    async with AsyncSession(connection) as session:
        stated = select(SlaStatement).where(SlaStatement.policy_id == policy_id)
        statements = (
            await session.scalars(stated.order_by(SlaStatement.period.desc(), SlaStatement.revision.desc()))
        ).all()
        broken = select(SlaBreach).where(SlaBreach.policy_id == policy_id).order_by(SlaBreach.began_at.desc())
        breaches = (await session.scalars(broken.limit(BREACHES))).all()
        session.expunge_all()
    return render(
        request,
        "stores/sla_policy.html",
        policy=found,
        standing=await _standing(request, connection, history, found),
        statements=statements,
        breaches=breaches,
    )


@router.post("/{policy_id}/statements", name="console_stores_sla_state")
async def state(
    policy_id: UUID,
    session: Unit,
    queue: TheQueue,
    actor: Writer,
    month: Annotated[str, Form()],
    reason: Annotated[str, Form()],
) -> Response:
    asked = StatementAsked(month=month, reason=reason)
    wanted = StatementsWanted(policy_id=policy_id, month=asked.first_day, reason=asked.reason)
    job = await queue.add(session, STATEMENTS, wanted, actor=actor)
    return see_other(f"/console/jobs/{job.id}", "The statement is being worked out.")


async def _list(
    request: Request,
    connection: AsyncConnection,
    history: TheHistory,
    sent: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    rows: Sequence[SlaPolicy] = await active_policies(history.database)
    standings = [(row, await _standing(request, connection, history, row)) for row in rows]
    return render(
        request,
        "stores/sla.html",
        status=422 if errors else 200,
        standings=standings,
        sent=sent or {},
        errors=errors or {},
    )


async def _standing(
    request: Request, connection: AsyncConnection, history: TheHistory, row: SlaPolicy
) -> StandingRead | None:
    """None while the scope has no store, or there is no poll."""

    async def compute() -> StandingRead | None:
        try:
            found = await standing_of(history, options_from(request.app.state.options), row)
        except NotFound:
            return None
        return StandingRead.of(row.id, found, STORES)

    return await recent(request, connection, STANDING, row.id, compute)


def _values(sent: dict[str, str]) -> dict[str, Any]:
    """The form as the shape takes it; a target is written in per cent, credits as `99:10, 98:25`."""
    given: dict[str, Any] = {name: value for name, value in sent.items() if value}
    try:
        given["target"] = round(float(given["target"]) / 100, 8)
        steps = [step.split(":") for step in given.pop("credits", "").split(",") if step.strip()]
        given["credits"] = [{"below": round(float(below) / 100, 8), "percent": float(owed)} for below, owed in steps]
    except (KeyError, ValueError):
        given.setdefault("credits", "?")
    if "effective_from" in given:
        given["effective_from"] = date.fromisoformat(given["effective_from"])
    return given
