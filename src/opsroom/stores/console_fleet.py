"""`/console/stores` and `/console/stores/incidents`: the whole fleet, or a group of it."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.db.session import Reading
from opsroom.core.errors import NotFound
from opsroom.stores.archive.history import TheHistory
from opsroom.stores.asked_window import AskedWindow, instant
from opsroom.stores.fleet_schemas import QualityRead, TotalsRead, incidents_of, stores_of, window_of
from opsroom.stores.models import Store
from opsroom.stores.options import options_from
from opsroom.stores.overview import Overview, fleet_overview
from opsroom.stores.packed_overview import OVERVIEW
from opsroom.stores.recent import recent
from opsroom.stores.selection import Selection

router = APIRouter(prefix="/console/stores", include_in_schema=False)

WINDOWS = (("last_24h", "24 hours"), ("last_7d", "7 days"), ("last_4w", "4 weeks"))
USUAL = "last_7d"
GROUPS = 12
WORST = 10
PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the chips of both pages say."""

    window: str
    group: str

    def api_path(self, name: str, **more: str) -> str:
        query = {"window": self.window, "group": self.group, **more}
        return f"/api/v1/stores/{name}?{urlencode({key: value for key, value in query.items() if value})}"

    def report_path(self, report_type: str) -> str:
        query = {"report_type": report_type, "window": self.window, "group": self.group}
        return f"/console/reports/new?{urlencode({key: value for key, value in query.items() if value})}"


def asked(
    window: Annotated[str, Query(max_length=20)] = USUAL, group: Annotated[str, Query(max_length=100)] = ""
) -> Asked:
    return Asked(window or USUAL, group)


Wanted = Annotated[Asked, Depends(asked)]


@router.get("", name="console_stores", dependencies=[allow("stores.observations.read")])
async def overview(request: Request, connection: Reading, history: TheHistory, wanted: Wanted) -> Response:
    """Availability now and over time, the worst stores, and what the data lack."""
    seen = await _seen(request, connection, history, wanted)
    values: dict[str, Any] = {"seen": None} if seen is None else _figures(seen)
    return render(request, "stores/fleet.html", **await _shared(request, connection, wanted), **values)


@router.get("/glance", name="console_stores_glance", dependencies=[allow("stores.observations.read")])
async def glance(request: Request, connection: Reading, history: TheHistory) -> Response:
    seen = await _seen(request, connection, history, Asked(USUAL, ""))
    totals = seen and TotalsRead.of(seen.found.totals)
    return render(request, "stores/glance.html", totals=totals, latest=seen and instant(seen.found.window.end))


@router.get("/incidents", name="console_stores_incidents", dependencies=[allow("stores.observations.read")])
async def incidents(
    request: Request,
    connection: Reading,
    history: TheHistory,
    wanted: Wanted,
    state: str = "",
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Downtimes of all stores, newest first."""
    seen = await _seen(request, connection, history, wanted)
    ongoing = {"down": True, "over": False}.get(state)
    rows = [] if seen is None else incidents_of(seen.found, skip + PAGE + 1, ongoing=ongoing)[skip:]
    return render(
        request,
        "stores/incidents.html",
        **await _shared(request, connection, wanted),
        seen=seen,
        totals=seen and TotalsRead.of(seen.found.totals),
        window=seen and window_of(seen.found),
        rows=rows[:PAGE],
        state=state,
        skip=skip,
        next_skip=skip + PAGE if len(rows) > PAGE else 0,
    )


async def _seen(request: Request, connection: AsyncConnection, history: TheHistory, wanted: Asked) -> Overview | None:
    """None while there is no poll at all."""
    options = options_from(request.app.state.options)
    asked_for, selection = AskedWindow(trailing=wanted.window), Selection(group=wanted.group or None)

    async def compute() -> Overview | None:
        try:
            return await fleet_overview(history, options, asked_for, selection, by_day=True)
        except NotFound as nothing:
            if nothing.code == "no_observation":
                return None
            raise

    return await recent(request, connection, OVERVIEW, wanted, compute)


async def _shared(request: Request, connection: AsyncConnection, wanted: Asked) -> dict[str, Any]:
    named = select(Store.group).where(Store.group.is_not(None)).distinct().order_by(Store.group).limit(GROUPS)
    groups = (await connection.scalars(named)).all()
    return {
        "wanted": wanted,
        "windows": WINDOWS,
        "groups": [("", "all"), *((group, group) for group in groups)] if groups else [],
        "query": {name: value for name, value in request.query_params.items() if name != "skip"},
    }


def _figures(seen: Overview) -> dict[str, Any]:
    found = seen.found
    days = [] if seen.days is None else seen.days.rename({"window": "day"}).to_dicts()
    return {
        "seen": seen,
        "window": window_of(found),
        "totals": TotalsRead.of(found.totals),
        "quality": QualityRead.of(found.quality),
        "worst": stores_of(found, seen.worst(WORST)),
        "days": [_column(day) for day in days],
        "latest": instant(found.window.end),
    }


def _column(day: dict[str, Any]) -> dict[str, Any]:
    """A day with the shares of its open time that were up, down and unknown."""
    whole = day["open"] or 1
    return day | {f"{state}_share": day[state] / whole for state in ("up", "down", "unknown")}
