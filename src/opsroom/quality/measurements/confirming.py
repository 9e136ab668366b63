"""The second person for values outside their limits (EU Annex 11, section 6)."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Forbidden, NotFound
from opsroom.quality.measurements.models import Measurement


async def confirm_value(session: AsyncSession, actor: Actor, measurement_id: UUID) -> Measurement:
    """
    Raises:
        NotFound: there is no such measurement.
        Conflict: it needs no confirmation, or has one.
        Forbidden: its operator cannot confirm it.
    """
    found = await session.get(Measurement, measurement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no measurement {measurement_id}.")
    if found.within_limits or not found.manual:
        raise Conflict("Only a typed-in value outside its limits is confirmed.", code="nothing_to_confirm")
    if found.confirmed_by_id is not None:
        raise Conflict(f"{found.confirmed_by} confirmed it already.", code="confirmed_already")
    if actor.user_id is None or found.operator_id == actor.user_id:
        raise Forbidden("Whoever entered the value cannot confirm it; ask another person.", code="second_person_needed")
    found.confirmed_by_id, found.confirmed_by, found.confirmed_at = actor.user_id, actor.name, now()
    await session.flush()
    return found
