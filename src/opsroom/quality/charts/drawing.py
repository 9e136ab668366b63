"""Control charts of what the tables hold, by the engine."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from opsroom.quality.charts.series import Counted, Measured, Place
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.attributes import p_chart, u_chart
from opsroom.quality.spc.chart import Basis, Chart
from opsroom.quality.spc.memory import cusum, ewma
from opsroom.quality.spc.rules import NELSON, WESTERN_ELECTRIC, Rules
from opsroom.quality.spc.subgroups import Subgroups
from opsroom.quality.spc.variables import individuals, xbar_r, xbar_s


class MeasuredKind(StrEnum):
    XBAR_R = "xbar-r"
    XBAR_S = "xbar-s"
    IMR = "imr"
    EWMA = "ewma"
    CUSUM = "cusum"


class CountedKind(StrEnum):
    P = "p"
    U = "u"


class RuleSet(StrEnum):
    NELSON = "nelson"
    WESTERN_ELECTRIC = "western-electric"
    NONE = "none"


RULES: dict[RuleSet, Rules] = {
    RuleSet.NELSON: NELSON,
    RuleSet.WESTERN_ELECTRIC: WESTERN_ELECTRIC,
    RuleSet.NONE: (),
}
GROUPED: dict[MeasuredKind, Callable[[Subgroups, Basis], Chart]] = {
    MeasuredKind.XBAR_R: xbar_r,
    MeasuredKind.XBAR_S: xbar_s,
    MeasuredKind.EWMA: ewma,
    MeasuredKind.CUSUM: cusum,
}


def basis_of(
    points: int, rules: RuleSet, phase1: int | None = None, center: float | None = None, sigma: float | None = None
) -> Basis:
    """phase1: how many of the first points set the limits; all of them, if nothing is said

    Raises:
        UnusableData: there are not so many points.
    """
    if phase1 is not None and not 1 <= phase1 <= points:
        raise UnusableData(f"phase1 is {phase1}; the chart has {points} points")
    marked = None if phase1 is None else np.arange(points) < phase1
    return Basis(center, sigma, marked, RULES[rules])


def chart_of_values(
    kind: MeasuredKind,
    series: Measured,
    rules: RuleSet,
    phase1: int | None = None,
    center: float | None = None,
    sigma: float | None = None,
) -> Chart:
    """
    Raises:
        UnusableData: the values cannot carry this kind of chart.
    """
    if kind is MeasuredKind.IMR:
        return individuals(series.values, basis_of(len(series.values), rules, phase1, center, sigma))
    groups = Subgroups.from_rows(series.groups)
    return GROUPED[kind](groups, basis_of(len(series.groups), rules, phase1, center, sigma))


def places_of_points(kind: MeasuredKind, series: Measured) -> list[Place]:
    """A chart of single values has a point for each of them."""
    if kind is not MeasuredKind.IMR:
        return list(series.places)
    return [place for place, group in zip(series.places, series.groups, strict=True) for _ in group]


def chart_of_counts(kind: CountedKind, series: Counted, rules: RuleSet, phase1: int | None = None) -> Chart:
    """
    Raises:
        UnusableData: the counts cannot carry this kind of chart.
    """
    basis = basis_of(len(series.sizes), rules, phase1)
    if kind is CountedKind.P:
        return p_chart(series.nonconforming, series.sizes, basis)
    return u_chart(series.findings, series.sizes, basis)
