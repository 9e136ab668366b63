"""Charts that remember: EWMA (Roberts 1959) and the tabular CUSUM (Page 1954), as in Montgomery, chapter 9.

Points depend on their predecessors, so only the limits signal. Measurements may come in subgroups; the plotted
statistic is then built on their means, whose standard deviation is σ/√n.
"""

import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

import numpy as np

from .arrays import Floats, UnusableData
from .chart import Basis, Chart, shewhart
from .recursions import positive_sums, smoothed
from .rules import Track, limits_only
from .signals import Signals
from .subgroups import Subgroups, sigma_from_moving_ranges, sigma_from_ranges

TYPICAL = Basis()
SETTLED = 40.0
"""e^-40 is lost beside 1 in a double: a long chart has steady limits from there on."""


@dataclass(frozen=True)
class Weighting:
    """The weight λ of the newest point and the width L of the limits in standard deviations."""

    weight: float = 0.2
    width: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise UnusableData(f"lambda is {self.weight:g}, expected more than 0 and at most 1")
        if not (math.isfinite(self.width) and self.width > 0):
            raise UnusableData(f"width is {self.width:g}, expected more than 0")


@dataclass(frozen=True)
class Decision:
    """Reference value k and decision interval h of a CUSUM, both in standard deviations of the points."""

    k: float = 0.5
    h: float = 5.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.k) and self.k >= 0):
            raise UnusableData(f"k is {self.k:g}, expected at least 0")
        if not (math.isfinite(self.h) and self.h > 0):
            raise UnusableData(f"h is {self.h:g}, expected more than 0")


def ewma(groups: Subgroups, basis: Basis = TYPICAL, weighting: Weighting = Weighting()) -> Chart:
    """z_i = λ x_i + (1-λ) z_(i-1), z_0 the center; limits ± L σ_i, exact from the first point on."""
    center, sigma = _center_and_sigma(groups, basis)
    points = smoothed(groups.means, center, weighting.weight)
    spread = sigma * np.sqrt(_variance_shares(groups, weighting.weight))
    reach = weighting.width * spread
    track = Track(points, center, spread, center - reach, center + reach)
    chart = shewhart("ewma", track, sigma, limits_only(basis.rules))
    return replace(chart, extras=_steady_limits(groups, center, sigma, weighting))


def cusum(groups: Subgroups, basis: Basis = TYPICAL, decision: Decision = Decision()) -> Chart:
    """C⁺_i = max(0, x_i - μ - K + C⁺_(i-1)) and C⁻_i = max(0, μ - K - x_i + C⁻_(i-1)), K = k σ/√n, H = h σ/√n.

    `points` are C⁺ and the extra list `lower` holds C⁻, both counted upwards from 0 and compared with H, as printed in
    Montgomery, table 9.2. The lines are μ, H and -H: C⁻ is drawn mirrored.
    """
    if (groups.sizes != groups.sizes[0]).any():
        raise UnusableData("cusum: subgroups vary in size, expected equal sizes")
    center, sigma = _center_and_sigma(groups, basis)
    spread = sigma / math.sqrt(int(groups.sizes[0]))
    away = groups.means - center
    upper, lower = (positive_sums(sign * away - decision.k * spread) for sign in (1, -1))
    height = decision.h * spread
    rules = limits_only(basis.rules)
    exceeded = np.flatnonzero((upper > height) | (lower > height)) if rules else np.zeros(0, dtype=np.int64)
    signals = Signals(exceeded, np.ones_like(exceeded), partial(_explained, upper, lower, height))
    return Chart("cusum", center, -height, height, sigma, upper, signals, extras={"lower": lower.tolist()})


def _center_and_sigma(groups: Subgroups, basis: Basis) -> tuple[float, float]:
    marked = basis.marked(groups.sizes.size)
    center = groups.chosen(marked).grand_mean if basis.center is None else basis.center
    if basis.sigma is not None:
        return center, basis.sigma
    if (groups.sizes == 1).all():
        return center, sigma_from_moving_ranges(groups.values, marked)
    return center, sigma_from_ranges(groups.chosen(marked))


def _variance_shares(groups: Subgroups, weight: float) -> Floats:
    """Var z_i / σ²: λ/(2-λ) (1 - (1-λ)^(2i)) / n for equal sizes (Montgomery, chapter 9), else
    v_i = λ²/n_i + (1-λ)² v_(i-1), of which that is the sum.
    """
    keep = (1 - weight) ** 2
    if (groups.sizes == groups.sizes[0]).all():
        count, decay = groups.sizes.size, -math.log(keep) if keep > 0 else math.inf
        varying = count if decay * count <= SETTLED else math.ceil(SETTLED / decay)
        settled = np.ones(count)
        settled[:varying] -= keep ** np.arange(1, varying + 1)
        shares: Floats = weight / (2 - weight) * settled / int(groups.sizes[0])
        return shares
    gained = (weight**2 / groups.sizes).tolist()
    return np.array(list(accumulate(gained, lambda before, new: keep * before + new)))


def _steady_limits(groups: Subgroups, center: float, sigma: float, weighting: Weighting) -> dict[str, object]:
    """The limits after many points, as the NIST handbook 6.3.2.4 draws them; none where sizes vary."""
    if (groups.sizes != groups.sizes[0]).any():
        return {}
    variance = weighting.weight / (2 - weighting.weight) / int(groups.sizes[0])
    reach = weighting.width * sigma * math.sqrt(variance)
    return {"steady": {"lcl": center - reach, "ucl": center + reach}}


def _explained(upper: Floats, lower: Floats, height: float, index: int, _rule: int) -> str:
    sums, side, moved = (upper, "upper", "risen") if upper[index] > height else (lower, "lower", "fallen")
    zeros = np.flatnonzero(sums[: index + 1] == 0)
    start = int(zeros[-1]) + 2 if zeros.size else 1
    return (
        f"Point {index + 1}: the {side} sum {sums[index]:.6g} exceeds the decision interval {height:.6g}; "
        f"it has grown since point {start}, so the mean has probably {moved} about there."
    )
