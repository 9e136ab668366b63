"""Shewhart charts of measurements: X̄-R, X̄-S, R, S, individuals with moving range (Montgomery, chapter 6)."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Flags, Floats, Line, finite
from .chart import Basis, Chart, shewhart, three_sigma
from .constants import c4, d2, d3
from .rules import limits_only, without_zones
from .subgroups import Subgroups, average_deviation, mean, sigma_from_moving_ranges, sigma_from_ranges

TYPICAL = Basis()


def xbar_r(groups: Subgroups, basis: Basis = TYPICAL) -> Chart:
    """Means, with the spread judged by ranges: limits center ± 3 σ/√n, σ = R̄/d2."""
    return _means("xbar-r", groups, basis, range_chart(groups, replace(basis, center=None)))


def xbar_s(groups: Subgroups, basis: Basis = TYPICAL) -> Chart:
    """Means, with the spread judged by standard deviations: limits center ± 3 σ/√n, σ = s̄/c4."""
    return _means("xbar-s", groups, basis, deviation_chart(groups, replace(basis, center=None)))


def range_chart(groups: Subgroups, basis: Basis = TYPICAL) -> Chart:
    """Ranges: center d2 σ, limits ± 3 d3 σ, never below 0. A given center stands for R̄."""
    groups.refuse_single_values()
    factor, deviation = groups.by_size(d2), groups.by_size(d3)
    sigma: Line
    if basis.sigma is not None:
        sigma = basis.sigma
    elif basis.center is not None:
        sigma = basis.center / factor
    else:
        sigma = sigma_from_ranges(groups.chosen(basis.marked(groups.sizes.size)))
    center = sigma * factor if basis.center is None else basis.center
    track = three_sigma(groups.ranges, center, sigma * deviation, lowest=0.0)
    return shewhart("r", track, sigma, without_zones(basis.rules))


def deviation_chart(groups: Subgroups, basis: Basis = TYPICAL) -> Chart:
    """Standard deviations: center c4 σ, limits ± 3 σ √(1 - c4²), never below 0. A given center stands for s̄."""
    groups.refuse_single_values()
    factor = groups.by_size(c4)
    center: Line
    if basis.sigma is not None:
        center = basis.sigma * factor if basis.center is None else basis.center
    elif basis.center is not None:
        center = basis.center
    else:
        center = average_deviation(groups.chosen(basis.marked(groups.sizes.size)))
    sigma = center / factor if basis.sigma is None else basis.sigma
    spread = sigma * groups.by_size(lambda size: math.sqrt(1 - c4(size) ** 2))
    track = three_sigma(groups.deviations, center, spread, lowest=0.0)
    return shewhart("s", track, sigma, without_zones(basis.rules))


def individuals(values: ArrayLike, basis: Basis = TYPICAL) -> Chart:
    """Single values: limits center ± 3 σ, σ = mean moving range / d2(2).

    The moving range chart has one point less; its point i is the distance of values i and i + 1, and where only
    phase 1 counts, both belong to it.
    """
    points = finite(values, "measurements")
    marked = basis.marked(points.size)
    dispersion = _moving_ranges(points, marked, basis)
    center = mean(points[marked]) if basis.center is None else basis.center
    track = three_sigma(points, center, dispersion.sigma)
    return shewhart("imr", track, dispersion.sigma, basis.rules, dispersion)


def _moving_ranges(points: Floats, marked: Flags, basis: Basis) -> Chart:
    ranges = np.abs(np.diff(points))
    sigma = sigma_from_moving_ranges(points, marked) if basis.sigma is None else basis.sigma
    track = three_sigma(ranges, sigma * d2(2), sigma * d3(2), lowest=0.0)
    return shewhart("mr", track, sigma, limits_only(basis.rules))


def _means(kind: str, groups: Subgroups, basis: Basis, dispersion: Chart) -> Chart:
    phase1 = groups.chosen(basis.marked(groups.sizes.size))
    center = phase1.grand_mean if basis.center is None else basis.center
    track = three_sigma(groups.means, center, dispersion.sigma / groups.by_size(math.sqrt))
    return shewhart(kind, track, dispersion.sigma, basis.rules, dispersion)
