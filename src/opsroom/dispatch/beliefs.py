"""What was learned and is in force, as the engine believes it: of roads, of vehicles, of policies."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.dispatch.learned_models import CorrectionStatus, LearnedPolicy, TravelCorrection
from opsroom.dispatch.options import DispatchOptions
from opsroom.dispatch.planning import problem
from opsroom.dispatch.planning.corrections import NONE, Corrections
from opsroom.dispatch.planning.learned import Learned, ValueCell
from opsroom.dispatch.planning.problem import TravelBelief


async def travel_belief(session: AsyncSession, options: DispatchOptions, at: datetime) -> TravelBelief:
    """The built-in travel times with the corrections in force."""
    known = await corrections_in_force(session)
    return TravelBelief(
        utc_offset=options.utc_offset(at),
        corridors=tuple((*corridor, factor) for corridor, factor in known.corridors.items()),
        hours=tuple((*slot, factor) for slot, factor in known.hours.items()),
    )


async def paced(session: AsyncSession, trucks: Iterable[problem.Vehicle]) -> tuple[problem.Vehicle, ...]:
    """The trucks at the pace that their drives have shown."""
    known = (await corrections_in_force(session)).vehicles
    return tuple(replace(truck, pace=known.get(truck.key, 1.0)) for truck in trucks)


async def corrections_in_force(session: AsyncSession) -> Corrections:
    row = await session.scalar(select(TravelCorrection).where(TravelCorrection.status == CorrectionStatus.ACTIVE))
    if row is None:
        return NONE
    return Corrections(
        row.overall_factor,
        corridors={(each["origin"], each["destination"]): each["factor"] for each in row.factors},
        hours={(each["origin"], each["destination"], each["hour"]): each["factor"] for each in row.hour_factors},
        vehicles={each["vehicle_id"]: each["factor"] for each in row.vehicle_factors},
    )


async def learned_in_force(session: AsyncSession) -> tuple[Learned, ...]:
    """Of each policy of which something was learned."""
    query = select(LearnedPolicy).where(LearnedPolicy.status == CorrectionStatus.ACTIVE).order_by(LearnedPolicy.policy)
    return tuple(
        Learned(
            row.policy,
            row.number,
            row.kind,
            row.parameters,
            tuple(ValueCell(**each) for each in row.waiting_values),
        )
        for row in await session.scalars(query)
    )
