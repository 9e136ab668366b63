"""Policies, breaches and statements, declared."""

from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Invalid
from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.stores.maintenance.resources import store_key
from opsroom.stores.sla.models import SlaBreach, SlaPolicy, SlaStatement
from opsroom.stores.sla.schemas import BreachRead, Policy, PolicyCreate, PolicyRead, StatementRead


async def _prepare(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], policy_id: UUID | None
) -> dict[str, Any]:
    """A change is checked together with what stays as it is."""
    if policy_id is not None:
        policy = await session.get_one(SlaPolicy, policy_id)
        present = {name: getattr(policy, name) for name in Policy.model_fields}
        if present["store_id"] is not None:
            present["store_id"] = str(present["store_id"])
        try:
            values = PolicyCreate.model_validate(present | values).model_dump()
        except ValidationError as error:
            raise Invalid("; ".join(item["msg"] for item in error.errors()) + ".") from None
    if values.get("store_id") is not None:
        values = values | {"store_id": await store_key(session, values["store_id"])}
    return values


POLICIES = Resource(
    model=SlaPolicy,
    prefix="/api/v1/stores/sla-policies",
    tags=("stores",),
    read=PolicyRead,
    create=PolicyCreate,
    update=patch_of(Policy),
    permission="stores.sla",
    search=("name",),
    order=("name",),
    prepare=_prepare,
)

BREACHES = Resource(
    model=SlaBreach,
    prefix="/api/v1/stores/sla-breaches",
    tags=("stores",),
    read=BreachRead,
    permission="stores.sla",
    search=("subject",),
)

STATEMENTS = Resource(
    model=SlaStatement,
    prefix="/api/v1/stores/sla-statements",
    tags=("stores",),
    read=StatementRead,
    permission="stores.sla",
)
