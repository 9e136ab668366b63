"""How the spread of a process compares with its tolerance: Cp, Cpk, Pp, Ppk with confidence intervals."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from .arrays import UnusableData
from .normality import Normality, anderson_darling
from .special import chi_square_quantile, normal_quantile
from .subgroups import (
    Subgroups,
    mean,
    sigma_from_deviations,
    sigma_from_moving_ranges,
    sigma_from_ranges,
    sigma_pooled,
)

Within: TypeAlias = Literal["range", "deviation", "pooled"]
Interval: TypeAlias = tuple[float, float]

RANGE_UP_TO = 10
"""Ranges of larger subgroups waste what the values in between say (Montgomery, chapter 6)."""

ESTIMATES: dict[Within, Callable[[Subgroups], float]] = {
    "range": sigma_from_ranges,
    "deviation": sigma_from_deviations,
    "pooled": sigma_pooled,
}


@dataclass(frozen=True)
class Specification:
    """Limits of a characteristic; one of them may be missing."""

    lower: float | None = None
    upper: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and not math.isfinite(value):
                raise UnusableData(f"{name} is {value}, expected a finite number")
        if self.lower is None and self.upper is None:
            raise UnusableData("capability needs a lower or an upper limit, or both")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise UnusableData(f"lower {self.lower:g} is not below upper {self.upper:g}")


@dataclass(frozen=True)
class Capability:
    """Indices are absent where the specification lacks the side they need. C uses the spread within subgroups,
    P the overall one. `intervals` hold two-sided bounds at `confidence`.
    """

    cp: float | None
    cpk: float
    pp: float | None
    ppk: float
    cpl: float | None
    cpu: float | None
    cpm: float | None
    intervals: dict[str, Interval]
    confidence: float
    mean: float
    sigma_within: float
    sigma_overall: float
    n: int
    normality: Normality

    def document(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def capability(
    groups: Subgroups, specification: Specification, *, within: Within | None = None, confidence: float = 0.95
) -> Capability:
    """Indices of measurements in subgroups; subgroups of one value each are individuals.

    σ within is R̄/d2 for subgroups of up to ten and s̄/c4 for larger ones unless `within` says otherwise, the mean
    moving range over d2(2) for individuals. σ overall is the standard deviation with n - 1.
    """
    if not 0 < confidence < 1:
        raise UnusableData(f"confidence is {confidence:g}, expected between 0 and 1")
    values = groups.values
    n, center = values.size, mean(values)
    if n < 2 or values.min() == values.max():
        raise UnusableData("all measurements are equal; capability needs variation")
    overall = float(values.std(ddof=1))
    sigma = _within(groups, within)
    if sigma == 0:
        raise UnusableData("no subgroup varies within itself; capability needs variation within subgroups")
    c, p = _Indices.of(center, sigma, specification), _Indices.of(center, overall, specification)
    target = specification.target
    cpm = None if target is None or p.both is None else _about_target(p.both, center, overall, target)
    found = {"cp": c.both, "cpk": c.worst, "pp": p.both, "ppk": p.worst, "cpl": c.lower, "cpu": c.upper}
    return Capability(
        cp=c.both,
        cpk=c.worst,
        pp=p.both,
        ppk=p.worst,
        cpl=c.lower,
        cpu=c.upper,
        cpm=cpm,
        intervals=_intervals(found, n, confidence),
        confidence=confidence,
        mean=center,
        sigma_within=sigma,
        sigma_overall=overall,
        n=n,
        normality=anderson_darling(values),
    )


@dataclass(frozen=True)
class _Indices:
    both: float | None
    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, center: float, sigma: float, limits: Specification) -> "_Indices":
        lower = None if limits.lower is None else (center - limits.lower) / (3 * sigma)
        upper = None if limits.upper is None else (limits.upper - center) / (3 * sigma)
        both = None
        if limits.lower is not None and limits.upper is not None:
            both = (limits.upper - limits.lower) / (6 * sigma)
        return cls(both, lower, upper)

    @property
    def worst(self) -> float:
        return min(index for index in (self.lower, self.upper) if index is not None)


def _within(groups: Subgroups, within: Within | None) -> float:
    if (groups.sizes == 1).all():
        return sigma_from_moving_ranges(groups.values)
    usual: Within = "range" if groups.sizes.max() <= RANGE_UP_TO else "deviation"
    return ESTIMATES[within or usual](groups)


def _about_target(pp: float, center: float, sigma: float, target: float) -> float:
    """Cpm (Chan, Cheng and Spiring 1988): the spread about the target instead of about the mean."""
    return pp / math.hypot(1, (center - target) / sigma)


def _intervals(indices: dict[str, float | None], n: int, confidence: float) -> dict[str, Interval]:
    found: dict[str, Interval] = {}
    for name, index in indices.items():
        if index is not None:
            bounds = _spread_interval if name in {"cp", "pp"} else _center_interval
            found[name] = bounds(index, n, confidence)
    return found


def _spread_interval(index: float, n: int, confidence: float) -> Interval:
    """Exact for Pp of normal values: the index times √(χ²/(n-1)) at both tails (Montgomery, chapter 8)."""
    tail, freedom = (1 - confidence) / 2, n - 1
    low, high = (chi_square_quantile(part, freedom) for part in (tail, 1 - tail))
    return index * math.sqrt(low / freedom), index * math.sqrt(high / freedom)


def _center_interval(index: float, n: int, confidence: float) -> Interval:
    """Bissell's normal approximation (1990): the index ± z √(1/(9n) + index²/(2(n-1)))."""
    reach = normal_quantile((1 + confidence) / 2) * math.sqrt(1 / (9 * n) + index**2 / (2 * (n - 1)))
    return index - reach, index + reach
