"""`/api/v1/quality/spc`, `…/capability`, `…/pareto`: statistics of what is stored."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading
from opsroom.core.errors import Invalid
from opsroom.quality.charts.drawing import (
    CountedKind,
    MeasuredKind,
    RuleSet,
    chart_of_counts,
    chart_of_values,
    places_of_points,
)
from opsroom.quality.charts.schemas import CapabilityRead, ChartRead, ParetoBarRead, PlaceRead, SpcRead
from opsroom.quality.charts.series import confirmed_types, counted, measured
from opsroom.quality.conduct.sampling import usable
from opsroom.quality.spc.capability import Specification, capability
from opsroom.quality.spc.pareto import pareto
from opsroom.quality.spc.subgroups import Subgroups

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])
Part = Annotated[str, Query(max_length=80, description="part number", examples=["BRK-1042"])]
Last = Annotated[int, Query(ge=2, le=5000, description="the last so many inspections")]
Number = Annotated[float | None, Query(allow_inf_nan=False)]


@router.get("/spc", dependencies=[allow("quality.measurements.read")])
async def read_control_chart(
    connection: Reading,
    part: Part,
    characteristic: Annotated[str | None, Query(max_length=120, description="not for p and u")] = None,
    kind: MeasuredKind | CountedKind = MeasuredKind.XBAR_R,
    rules: RuleSet = RuleSet.NELSON,
    last: Last = 100,
    phase1: Annotated[int | None, Query(ge=1, description="how many of the first points set the limits")] = None,
    center: Number = None,
    sigma: Annotated[float | None, Query(gt=0, allow_inf_nan=False, description="of one measurement")] = None,
) -> SpcRead:
    """A control chart over the inspections of a part, with every signal explained."""
    if isinstance(kind, CountedKind):
        counts = await counted(connection, part, last)
        with usable("kind"):
            chart = chart_of_counts(kind, counts, rules, phase1)
        places, limits = list(counts.places), None
    else:
        if characteristic is None:
            raise Invalid("A chart of measurements needs a `characteristic`.", field="characteristic")
        series = await measured(connection, part, characteristic, last)
        with usable("kind"):
            chart = chart_of_values(kind, series, rules, phase1, center, sigma)
        places, limits = places_of_points(kind, series), series.limits
    return SpcRead(
        part=part,
        characteristic=characteristic,
        limits=limits,
        places=[PlaceRead.model_validate(place) for place in places],
        chart=ChartRead.model_validate(chart.document()),
    )


@router.get("/capability", dependencies=[allow("quality.measurements.read")])
async def read_capability(
    connection: Reading,
    part: Part,
    characteristic: Annotated[str, Query(max_length=120)],
    last: Last = 100,
) -> CapabilityRead:
    """How the spread of a characteristic compares with its tolerance."""
    series = await measured(connection, part, characteristic, last)
    if series.limits is None:
        raise Invalid(f"{part} does not specify {characteristic} any more.", field="characteristic")
    limits = series.limits
    with usable("characteristic"):
        found = capability(
            Subgroups.from_rows(series.groups), Specification(limits.lower, limits.upper, limits.nominal)
        )
    return CapabilityRead(
        part=part,
        characteristic=characteristic,
        limits=limits,
        inspections=len(series.groups),
        values=len(series.values),
        capability=found.document(),
    )


@router.get("/pareto", dependencies=[allow("quality.defects.read")])
async def read_defect_pareto(
    connection: Reading,
    part: Annotated[str | None, Query(max_length=80)] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> list[ParetoBarRead]:
    """Confirmed findings by type, the most frequent first."""
    types = await confirmed_types(connection, part, since, until)
    return [ParetoBarRead.model_validate(bar) for bar in pareto(types)]
