"""`/console/quality/charts`: control charts that follow the measurements as they arrive, and the Pareto."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.auth.guards import allow
from opsroom.core.charts import ControlChart, ControlPoint, Histogram, Limit, ParetoChart
from opsroom.core.console.live import stream
from opsroom.core.console.render import html, render
from opsroom.core.db.session import Reading
from opsroom.core.errors import NotFound
from opsroom.quality.charts.drawing import MeasuredKind, RuleSet, chart_of_values, places_of_points
from opsroom.quality.charts.series import Measured, Place, confirmed_types, measured
from opsroom.quality.parts.models import Part
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.capability import Capability, Specification, capability
from opsroom.quality.spc.chart import Chart
from opsroom.quality.spc.pareto import pareto
from opsroom.quality.spc.signals import at
from opsroom.quality.spc.subgroups import Subgroups

router = APIRouter(prefix="/console/quality/charts", include_in_schema=False)

LAST = 60
PHASE1 = 12  # points that set the limits, where there are twice as many
NAMES = {
    "xbar-r": "Mean",
    "xbar-s": "Mean",
    "imr": "Value",
    "ewma": "EWMA",
    "cusum": "Cusum",
    "r": "Range",
    "s": "Standard deviation",
    "mr": "Moving range",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    part: str
    characteristic: str
    kind: MeasuredKind


@router.get("", name="console_quality_charts", dependencies=[allow("quality.measurements.read")])
async def charts_page(
    request: Request,
    connection: Reading,
    part: Annotated[str, Query(max_length=80)] = "",
    characteristic: Annotated[str, Query(max_length=120)] = "",
    kind: MeasuredKind = MeasuredKind.XBAR_R,
) -> Response:
    choices = await _choices(connection)
    if not part and choices:
        part, characteristic = choices[0]
    wanted = Wanted(part, characteristic, kind)
    types = await confirmed_types(connection, part or None, None, None)
    bars = [(bar.category.replace("_", " "), bar.count) for bar in pareto(types)]
    return render(
        request,
        "quality/charts.html",
        wanted=wanted,
        choices=choices,
        kinds=[(each.value, each.value) for each in MeasuredKind],
        query=dict(request.query_params),
        found=await look(connection, wanted) if choices else None,
        pareto=ParetoChart("Confirmed findings by type", bars, "findings") if bars else None,
    )


@router.get("/live", name="console_quality_charts_live", dependencies=[allow("quality.measurements.read")])
async def charts_live(
    request: Request,
    part: Annotated[str, Query(max_length=80)] = "",
    characteristic: Annotated[str, Query(max_length=120)] = "",
    kind: MeasuredKind = MeasuredKind.XBAR_R,
) -> StreamingResponse:
    wanted = Wanted(part, characteristic, kind)
    return stream(
        request,
        partial(look, wanted=wanted),
        lambda found: html(request, "quality/chart_parts.html", found=found, wanted=wanted),
    )


async def look(connection: AsyncConnection, wanted: Wanted) -> dict[str, Any]:
    """What the charts are drawn of; compared by value, so that nothing is sent while nothing is measured."""
    try:
        series = await measured(connection, wanted.part, wanted.characteristic, LAST)
        chart = chart_of_values(wanted.kind, series, RuleSet.NELSON, _phase1(wanted.kind, series))
    except NotFound as refusal:
        return {"refusal": refusal.sentence}
    except UnusableData as refusal:
        return {"refusal": f"This chart cannot be drawn: {refusal}."}
    places = places_of_points(wanted.kind, series)
    drawn = [_drawn(chart, places, wanted.characteristic)]
    if chart.dispersion is not None:
        drawn.append(_drawn(chart.dispersion, places[-chart.dispersion.points.size :], wanted.characteristic))
    return {
        "charts": drawn,
        "signals": [(places[signal.index].lot_number, signal.explanation) for signal in chart.signals],
        "histogram": _histogram(series, wanted.characteristic),
        "capability": _capability(series),
        "inspections": len(series.groups),
        "values": len(series.values),
    }


def _phase1(kind: MeasuredKind, series: Measured) -> int | None:
    points = len(series.values) if kind is MeasuredKind.IMR else len(series.groups)
    return PHASE1 if points >= 2 * PHASE1 else None


def _drawn(chart: Chart, places: list[Place], characteristic: str) -> ControlChart:
    signals = {signal.index: signal.explanation for signal in chart.signals}
    points = [
        ControlPoint(
            places[index].lot_number,
            float(value),
            at(chart.center, index),
            at(chart.lcl, index),
            at(chart.ucl, index),
            signal=signals.get(index, ""),
        )
        for index, value in enumerate(chart.points)
    ]
    name = NAMES.get(chart.kind, chart.kind)
    return ControlChart(f"{name} of {characteristic.replace('_', ' ')}", points, name)


def _capability(series: Measured) -> Capability | None:
    if series.limits is None:
        return None
    limits = series.limits
    try:
        return capability(Subgroups.from_rows(series.groups), Specification(limits.lower, limits.upper, limits.nominal))
    except UnusableData:
        return None


def _histogram(series: Measured, characteristic: str) -> Histogram:
    values = sorted(series.values)
    low, high = values[0], values[-1]
    width = (high - low) / 12 or 1.0
    edges = [low + width * step for step in range(13)]
    counts = [sum(edges[i] <= v < edges[i + 1] or (i == 11 and v == high) for v in values) for i in range(12)]
    named = () if series.limits is None else (("LSL", series.limits.lower), ("USL", series.limits.upper))
    limits = [Limit(value, name) for name, value in named if value is not None]
    return Histogram("Distribution", edges, counts, characteristic.replace("_", " "), limits)


async def _choices(connection: AsyncConnection) -> list[tuple[str, str]]:
    query = select(Part.part_number, Part.specifications).where(Part.active).order_by(Part.part_number).limit(100)
    rows = await connection.execute(query)
    return [(row.part_number, name) for row in rows for name in sorted(row.specifications)]
