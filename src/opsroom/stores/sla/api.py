"""`/api/v1/stores/sla-policies/{id}`: where a promise stands, and statements by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.errors import Invalid
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.jobs.schemas import JobRead
from opsroom.stores.archive.history import TheHistory
from opsroom.stores.options import options_from
from opsroom.stores.sla.jobs import STATEMENTS, StatementsWanted
from opsroom.stores.sla.models import SlaWindow
from opsroom.stores.sla.policies import find_policy
from opsroom.stores.sla.schemas import StandingRead, StatementAsked
from opsroom.stores.sla.standing import standing_of

router = APIRouter(prefix="/api/v1/stores/sla-policies", tags=["stores"])


@router.get("/{sla_policy_id}/standing", dependencies=[allow("stores.sla.read")])
async def read_sla_standing(
    sla_policy_id: UUID,
    request: Request,
    history: TheHistory,
    limit: Annotated[int, Query(ge=0, le=100_000, description="how many stores, worst first")] = 50,
) -> StandingRead:
    """Error budget and burn rates in the window that the latest poll lies in."""
    policy = await find_policy(history.database, sla_policy_id)
    found = await standing_of(history, options_from(request.app.state.options), policy)
    return StandingRead.of(policy.id, found, limit)


@router.post("/{sla_policy_id}/statements", status_code=202)
async def issue_sla_statement(
    sla_policy_id: UUID,
    body: StatementAsked,
    session: Unit,
    database: TheDatabase,
    queue: TheQueue,
    actor: Annotated[Actor, allow("stores.sla.write")],
) -> JobRead:
    """Have the statement of a month that is over issued, or a revision of it if the figures differ."""
    policy = await find_policy(database, sla_policy_id)
    if policy.window is not SlaWindow.CALENDAR_MONTH:
        raise Invalid("Statements are of calendar months; this policy has a rolling window.", field="sla_policy_id")
    wanted = StatementsWanted(policy_id=sla_policy_id, month=body.first_day, reason=body.reason)
    return JobRead.model_validate(await queue.add(session, STATEMENTS, wanted, actor=actor))
