"""Shewhart charts of counts: p, np, c, u (Montgomery, chapter 7). Sizes may vary; limits then follow them.

The standard deviation follows from the center (binomial or Poisson), so a given sigma is refused.
"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Floats, Line, UnusableData, finite, straightened
from .chart import Basis, Chart, shewhart, three_sigma
from .subgroups import mean

TYPICAL = Basis()


def p_chart(nonconforming: ArrayLike, sizes: ArrayLike, basis: Basis = TYPICAL) -> Chart:
    """Fractions: center p̄ = ΣD/Σn, limits ± 3 √(p̄(1-p̄)/n), inside 0 to 1. A given center is p."""
    counts, units = _nonconforming(nonconforming, sizes)
    p = _fraction(counts, units, basis) if basis.center is None else _probability(basis.center)
    spread = np.sqrt(p * (1 - p) / units)
    sigma = _no_sigma(basis, spread)
    return shewhart("p", three_sigma(counts / units, p, sigma, 0.0, 1.0), sigma, basis.rules)


def np_chart(nonconforming: ArrayLike, sizes: ArrayLike, basis: Basis = TYPICAL) -> Chart:
    """Numbers: center n p̄, limits ± 3 √(n p̄(1-p̄)), inside 0 to n. A given center is np and needs equal sizes."""
    counts, units = _nonconforming(nonconforming, sizes)
    p = _fraction(counts, units, basis)
    if basis.center is not None:
        if (units != units[0]).any():
            raise UnusableData("np chart: a given center needs equal sample sizes; a p chart takes varying ones")
        p = _probability(basis.center / float(units[0]))
    center = straightened(units * p)
    sigma = _no_sigma(basis, np.sqrt(units * p * (1 - p)))
    track = three_sigma(counts, center, sigma, lowest=0.0)
    return shewhart("np", track, sigma, basis.rules)


def c_chart(defects: ArrayLike, basis: Basis = TYPICAL) -> Chart:
    """Defects on equal areas of opportunity: center c̄, limits ± 3 √c̄, never below 0."""
    counts = _counts(defects, "defects")
    center = mean(counts[basis.marked(counts.size)]) if basis.center is None else _rate(basis.center)
    sigma = _no_sigma(basis, np.sqrt(np.array([center])))
    return shewhart("c", three_sigma(counts, center, sigma, lowest=0.0), sigma, basis.rules)


def u_chart(defects: ArrayLike, sizes: ArrayLike, basis: Basis = TYPICAL) -> Chart:
    """Defects per unit: center ū = Σc/Σn, limits ± 3 √(ū/n), never below 0; `sigma` is √ū, of one unit."""
    counts, units = _counts(defects, "defects"), _sizes(sizes, "sizes")
    _same_length(counts, units)
    center = _fraction(counts, units, basis) if basis.center is None else _rate(basis.center)
    sigma = _no_sigma(basis, np.sqrt(np.array([center])))
    spread = straightened(sigma / np.sqrt(units))
    return shewhart("u", three_sigma(counts / units, center, spread, lowest=0.0), sigma, basis.rules)


def _fraction(counts: Floats, units: Floats, basis: Basis) -> float:
    marked = basis.marked(counts.size)
    return float(counts[marked].sum() / units[marked].sum())


def _no_sigma(basis: Basis, spread: Floats) -> Line:
    if basis.sigma is not None:
        raise UnusableData("on a chart of counts sigma follows from the center and cannot be given")
    return straightened(spread)


def _nonconforming(nonconforming: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    counts, units = _counts(nonconforming, "nonconforming"), _counts(_sizes(sizes, "sizes"), "sizes")
    _same_length(counts, units)
    too_many = np.flatnonzero(counts > units)
    if too_many.size:
        at = int(too_many[0])
        raise UnusableData(
            f"sample {at + 1}: {counts[at]:g} nonconforming of {units[at]:g}; expected at most the sample size"
        )
    return counts, units


def _counts(values: ArrayLike, what: str) -> Floats:
    counts = finite(values, what)
    wrong = np.flatnonzero((counts < 0) | (counts != np.floor(counts)))
    if wrong.size:
        at = int(wrong[0])
        raise UnusableData(f"{what}: number {at + 1} is {counts[at]:g}, expected a whole number of at least 0")
    return counts


def _sizes(values: ArrayLike, what: str) -> Floats:
    units = finite(values, what)
    wrong = np.flatnonzero(units <= 0)
    if wrong.size:
        raise UnusableData(f"{what}: number {wrong[0] + 1} is {units[wrong[0]]:g}, expected more than 0")
    return units


def _same_length(counts: Floats, units: Floats) -> None:
    if counts.size != units.size:
        raise UnusableData(f"{counts.size} counts came with {units.size} sample sizes")


def _probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise UnusableData(f"the center stands for a fraction of {value:g}, expected 0 to 1")
    return value


def _rate(value: float) -> float:
    if value < 0:
        raise UnusableData(f"the center is {value:g}, expected a rate of at least 0")
    return value
