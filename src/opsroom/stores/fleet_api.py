"""`/api/v1/stores/{summary,availability,incidents}`: many stores in any window."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request

from opsroom.core.auth.guards import allow
from opsroom.stores.archive.history import TheHistory
from opsroom.stores.asked_parameters import Asked, Selected
from opsroom.stores.fleet import FleetAccount, fleet_account
from opsroom.stores.fleet_schemas import (
    FleetAvailability,
    FleetIncidents,
    FleetSummary,
    QualityRead,
    TotalsRead,
    days_of,
    incidents_of,
    stores_of,
    window_of,
)
from opsroom.stores.options import options_from
from opsroom.stores.overview import fleet_overview

router = APIRouter(prefix="/api/v1/stores", tags=["stores"])


async def asked_account(request: Request, history: TheHistory, asked: Asked, selected: Selected) -> FleetAccount:
    return await fleet_account(history, options_from(request.app.state.options), asked, selected)


Account = Annotated[FleetAccount, Depends(asked_account, scope="function")]


@router.get("/availability", dependencies=[allow("stores.observations.read")])
async def read_availability(found: Account) -> FleetAvailability:
    """Exact sums of every store in any window; default: the seven days before the latest poll."""
    return FleetAvailability(window=window_of(found), totals=TotalsRead.of(found.totals), stores=stores_of(found))


@router.get("/incidents", dependencies=[allow("stores.observations.read")])
async def read_fleet_incidents(
    found: Account,
    ongoing: Annotated[bool | None, Query(description="only those that go on, or only those that are over")] = None,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 1000,
) -> FleetIncidents:
    """Downtimes, newest first, with mean times to repair and between failures; default: the last seven days."""
    return FleetIncidents(
        window=window_of(found),
        totals=TotalsRead.of(found.totals),
        incidents=incidents_of(found, limit, ongoing=ongoing),
    )


@router.get("/summary", dependencies=[allow("stores.observations.read")])
async def read_summary(
    request: Request,
    history: TheHistory,
    asked: Asked,
    selected: Selected,
    worst: Annotated[int, Query(ge=0, le=1000, description="how many of the least available stores")] = 10,
    by: Annotated[Literal["day"] | None, Query(description="add the sums of each local day")] = None,
) -> FleetSummary:
    """The whole fleet, or a part of it: sums, the worst stores, what the data lack; default: the last seven days."""
    options = options_from(request.app.state.options)
    seen = await fleet_overview(history, options, asked, selected, by_day=by is not None)
    return FleetSummary(
        window=window_of(seen.found),
        totals=TotalsRead.of(seen.found.totals),
        quality=QualityRead.of(seen.found.quality),
        worst=stores_of(seen.found, seen.worst(worst)),
        days=days_of(seen.days),
    )
