"""The constants of control charts, computed: no rounded table stands between the data and its limits.

W is the range and S the standard deviation of n independent standard normal values; d2 = E W, d3 = sd W, c4 = E S.
"""

import math
from functools import lru_cache

import numpy as np

from .arrays import Floats, UnusableData

SERIES_FROM = 100
WIDEST_RANGE = 18.0
"""A range of this many standard deviations is rarer than 1e-30 even among a million values."""


def c4(n: int) -> float:
    """√(2/(n-1)) Γ(n/2) / Γ((n-1)/2) (Cramér 1946)."""
    _at_least_two(n)
    z = (n - 1) / 2
    if n < SERIES_FROM:
        return math.exp(math.lgamma(z + 0.5) - math.lgamma(z)) / math.sqrt(z)
    # Γ(z+½)/Γ(z) as a series in 1/z (Tricomi and Erdélyi 1951): large log-gammas would cancel
    return 1 + (-1 / 8 + (1 / 128 + (5 / 1024 + (-21 / 32768 - 399 / 262144 / z) / z) / z) / z) / z


def d2(n: int) -> float:
    return _range_moments(n)[0]


def d3(n: int) -> float:
    return _range_moments(n)[1]


def d2_star(n: int, groups: int) -> float:
    """√(d2² + d3²/g): the divisor for the mean of few ranges (Duncan 1955), used in gauge studies."""
    mean, deviation = _range_moments(n)
    return math.hypot(mean, deviation / math.sqrt(groups))


@lru_cache(maxsize=256)
def _range_moments(n: int) -> tuple[float, float]:
    """Mean and standard deviation of W from its distribution (Tippett 1925; Hartley 1942).

    P(W ≤ w) = n ∫ φ(x) (Φ(x+w) - Φ(x))^(n-1) dx, E W = ∫ P(W > w) dw, E W² = ∫ 2w P(W > w) dw. The inner integral
    is a trapezoidal sum over the whole line, which converges geometrically; the outer is Gauss-Legendre.
    """
    _at_least_two(n)
    nodes, weights = np.polynomial.legendre.leggauss(96)
    widths = WIDEST_RANGE / 2 * (nodes + 1)
    exceeded = 1 - _range_cdf(widths, n)
    weights = weights * WIDEST_RANGE / 2
    mean = float(weights @ exceeded)
    square = float(weights @ (2 * widths * exceeded))
    return mean, math.sqrt(square - mean * mean)


def _range_cdf(widths: Floats, n: int) -> Floats:
    step = 1 / 16
    x = np.arange(-9, 9 + step, step)
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    below = _normal_cdf(x)
    inside = _normal_cdf((x[None, :] + widths[:, None]).ravel()).reshape(widths.size, x.size) - below
    totals: Floats = (inside ** (n - 1)) @ (density * (n * step))
    return totals


def _normal_cdf(values: Floats) -> Floats:
    root = math.sqrt(2)
    return np.array([0.5 * math.erfc(-value / root) for value in values.tolist()])


def _at_least_two(n: int) -> None:
    if n < 2:
        raise UnusableData(f"a subgroup of {n} has no spread; at least 2 values are needed")
