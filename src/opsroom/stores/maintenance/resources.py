"""Maintenance windows as a declared resource."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.stores.maintenance.models import MaintenanceWindow
from opsroom.stores.maintenance.schemas import Maintenance, MaintenanceCreate, MaintenanceRead
from opsroom.stores.models import Store


async def store_key(session: AsyncSession, named: str) -> UUID:
    """The id of the store that a caller names by its id or its external id.

    Raises:
        NotFound: there is none.
    """
    ways = [Store.external_id == named]
    with suppress(ValueError):
        ways.append(Store.id == UUID(named))
    # An external id may look like the id of another store; then it is the one that is meant, as in paths.
    query = select(Store.id).where(or_(*ways)).order_by(Store.external_id != named).limit(1)
    found: UUID | None = await session.scalar(query)
    if found is None:
        raise NotFound(f"There is no store {named}.", field="store_id")
    return found


async def _prepare(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], window_id: UUID | None
) -> dict[str, Any]:
    """A change is checked together with what stays as it is."""
    if window_id is not None:
        window = await session.get_one(MaintenanceWindow, window_id)
        present = {name: getattr(window, name) for name in Maintenance.model_fields}
        if present["store_id"] is not None:
            present["store_id"] = str(present["store_id"])
        try:
            values = MaintenanceCreate.model_validate(present | values).model_dump()
        except ValidationError as error:
            raise Invalid("; ".join(item["msg"] for item in error.errors()) + ".") from None
    if values.get("store_id") is not None:
        values = values | {"store_id": await store_key(session, values["store_id"])}
    return values


MAINTENANCE = Resource(
    model=MaintenanceWindow,
    prefix="/api/v1/stores/maintenance-windows",
    tags=("stores",),
    read=MaintenanceRead,
    create=MaintenanceCreate,
    update=patch_of(Maintenance),
    permission="stores.maintenance",
    search=("title", "reason"),
    prepare=_prepare,
)
