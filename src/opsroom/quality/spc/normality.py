"""Is it fair to speak of a normal distribution? Anderson and Darling's test with estimated mean and deviation."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import UnusableData, finite
from .special import log_normal_cdf

FEWEST = 8
"""The approximation of the p-value holds from this many values on."""
DOUBTFUL = 0.05


@dataclass(frozen=True)
class Normality:
    """`adjusted` is A² (1 + 0.75/n + 2.25/n²); `warning` is empty where nothing speaks against normality."""

    statistic: float
    adjusted: float
    p_value: float | None
    warning: str | None


def anderson_darling(values: ArrayLike) -> Normality:
    """A² = -n - Σ (2i-1)/n (log Φ(z_i) + log(1 - Φ(z_(n+1-i)))), z sorted and standardised with n - 1.

    The p-value is the approximation of D'Agostino and Stephens, Goodness-of-Fit Techniques (1986), table 4.9.
    """
    x = np.sort(finite(values, "measurements"))
    n = x.size
    deviation = float(x.std(ddof=1)) if n > 1 else 0.0
    if deviation == 0:
        raise UnusableData("all measurements are equal; a distribution needs variation")
    z = (x - x.mean()) / deviation
    logs = np.array(log_normal_cdf(z)) + np.array(log_normal_cdf(-z[::-1]))
    weights = 2 * np.arange(1, n + 1) - 1
    statistic = float(-n - (weights * logs).sum() / n)
    adjusted = statistic * (1 + 0.75 / n + 2.25 / n**2)
    if n < FEWEST:
        return Normality(statistic, adjusted, None, f"{n} values are too few to judge normality; at least {FEWEST}")
    p = _p_value(adjusted)
    warning = f"not normal (Anderson-Darling p = {p:.3g}); capability indices mislead" if p < DOUBTFUL else None
    return Normality(statistic, adjusted, p, warning)


def _p_value(a: float) -> float:
    if a <= 0.2:
        return 1 - math.exp(-13.436 + 101.14 * a - 223.73 * a**2)
    if a <= 0.34:
        return 1 - math.exp(-8.318 + 42.796 * a - 59.938 * a**2)
    if a < 0.6:
        return math.exp(0.9177 - 4.279 * a - 1.38 * a**2)
    # The quadratic turns upward far out; the fit was made below 10.
    a = min(a, 10)
    return math.exp(1.2937 - 5.709 * a + 0.0186 * a**2)
