"""`/console/components`: every component in every state, to look at; not in production."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response
from markupsafe import escape

from opsroom.core.audit.models import Action
from opsroom.core.auth.guards import allow
from opsroom.core.charts import (
    Bar,
    BarChart,
    Chart,
    ControlChart,
    ControlPoint,
    Histogram,
    Limit,
    LineChart,
    ParetoChart,
    Series,
    Span,
    StateTimeline,
    TimelineRow,
)
from opsroom.core.clock import now
from opsroom.core.console.records.trail import Change, Happening
from opsroom.core.console.render import console_of, render
from opsroom.core.console.states import KINDS
from opsroom.core.errors import NotFound

router = APIRouter(include_in_schema=False)

# A week of one site, as fractions of the bar.
WEEK = (
    (0.0, 0.31, "up", "up, Mon 08:00 to Wed 10:10"),
    (0.31, 0.36, "down", "down, 8 h 24 min"),
    (0.36, 0.62, "up", "up"),
    (0.62, 0.7, "unknown", "not observed, 13 h 26 min"),
    (0.7, 0.82, "up", "up"),
    (0.82, 0.9, "excused", "maintenance"),
    (0.9, 1.0, "up", "up"),
)
DAYS = tuple((at / 7, day) for at, day in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SIZES = (10.2, 9.7, 10.1, 9.4, 10.6, 10.0, 12.6, 9.9, 10.3, 9.8, 10.4, 9.6)
CHARTS: tuple[Chart, ...] = (
    LineChart(
        "Availability by day",
        [
            Series("north", [(MONDAY + timedelta(days=day), 97 + day % 3) for day in range(7)]),
            Series("south", [(MONDAY + timedelta(days=day), None if day == 3 else 94 + day % 4) for day in range(7)]),
        ],
        "availability, %",
        limits=[Limit(95, "promised")],
    ),
    BarChart("Most downtime", [Bar("S-1", 9.1, "9 h 6 min", "down"), Bar("S-2", 4, "4 h", "unknown")], "hours"),
    StateTimeline(
        "Two sites in two days",
        [
            TimelineRow("S-1", [Span(MONDAY, MONDAY + timedelta(hours=30), "up")]),
            TimelineRow("S-2", [Span(MONDAY + timedelta(hours=8), MONDAY + timedelta(hours=20), "down")]),
        ],
        MONDAY,
        MONDAY + timedelta(days=2),
    ),
    ControlChart(
        "Bore",
        [ControlPoint(str(at), size, 10, 8, 12, "beyond a limit" * (size > 12)) for at, size in enumerate(SIZES, 1)],
        "mm",
    ),
    ParetoChart("Defects", [("scratch", 40), ("dent", 22), ("burr", 60), ("stain", 5)], "count"),
    Histogram("Diameter", (9, 9.5, 10, 10.5, 11), (3, 12, 14, 4), "mm", [Limit(9.2, "LSL"), Limit(10.8, "USL")]),
)


@router.get("/console/components", name="console_components", dependencies=[allow("console.read")])
async def components(request: Request) -> Response:
    if not console_of(request).shows_components:
        raise NotFound(f"There is nothing at {request.url.path}.")
    at = now()
    moments = [at - timedelta(seconds=seconds) for seconds in (3, 250, 12_000, 400_000)]
    entry = {"id": 1, "at": moments[2], "user_name": "wanjiru", "action": Action.UPDATE, "reason": "they moved"}
    return render(
        request,
        "components.html",
        happening=Happening(entry, "changed", "held", [Change("Name", escape("North"), escape("South"))], hidden=0),
        kinds=KINDS,
        week=WEEK,
        days=(*DAYS, (1.0, "")),
        moments=moments,
        charts=CHARTS,
    )
