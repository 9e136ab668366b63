"""`/console/quality/charts`: control charts that follow the measurements as they arrive, and the Pareto."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.auth.guards import allow
from opsroom.core.charts import ParetoChart
from opsroom.core.console.live import stream
from opsroom.core.console.render import html, render
from opsroom.core.db.session import Reading
from opsroom.core.errors import NotFound
from opsroom.quality.charts.drawing import MeasuredKind, RuleSet, chart_of_values, places_of_points
from opsroom.quality.charts.pictures import control_chart, histogram
from opsroom.quality.charts.series import Measured, confirmed_types, measured
from opsroom.quality.parts.models import Part
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.capability import Capability, Specification, capability
from opsroom.quality.spc.pareto import pareto
from opsroom.quality.spc.subgroups import Subgroups

router = APIRouter(prefix="/console/quality/charts", include_in_schema=False)

LAST = 60
PHASE1 = 12  # points that set the limits, where there are twice as many


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
    drawn = [control_chart(chart, places, wanted.characteristic)]
    if chart.dispersion is not None:
        drawn.append(control_chart(chart.dispersion, places[-chart.dispersion.points.size :], wanted.characteristic))
    return {
        "charts": drawn,
        "signals": [(places[signal.index].lot_number, signal.explanation) for signal in chart.signals],
        "histogram": histogram(series, wanted.characteristic),
        "capability": _capability(series),
        "inspections": len(series.groups),
        "values": len(series.values),
    }


def _phase1(kind: MeasuredKind, series: Measured) -> int | None:
    points = len(series.values) if kind is MeasuredKind.IMR else len(series.groups)
    return PHASE1 if points >= 2 * PHASE1 else None


def _capability(series: Measured) -> Capability | None:
    if series.limits is None:
        return None
    limits = series.limits
    try:
        return capability(Subgroups.from_rows(series.groups), Specification(limits.lower, limits.upper, limits.nominal))
    except UnusableData:
        return None


async def _choices(connection: AsyncConnection) -> list[tuple[str, str]]:
    query = select(Part.part_number, Part.specifications).where(Part.active).order_by(Part.part_number).limit(100)
    rows = await connection.execute(query)
    return [(row.part_number, name) for row in rows for name in sorted(row.specifications)]
