"""Poisson, binomial and hypergeometric probabilities by the saddle-point form of their densities.

C. Loader, "Fast and accurate computation of binomial probabilities" (2000): a density is split into a well-scaled
Stirling error and a deviance, so that no large log-gammas are subtracted. Relative error stays near 1e-14 for any n.
"""

import math

SERIES_FROM = 15
"""From here on six terms of Stirling's series are exact to a double; below, the log-gamma itself is small."""


def poisson_density(x: float, mean: float) -> float:
    """e^-m m^x / Γ(x+1), for real x ≥ 0."""
    if mean == 0:
        return 1.0 if x == 0 else 0.0
    if x == 0:
        return math.exp(-mean)
    return math.exp(-_stirling_error(x) - _deviance(x, mean)) / math.sqrt(2 * math.pi * x)


def binomial_density(x: float, n: float, p: float) -> float:
    """Γ(n+1) / (Γ(x+1) Γ(n-x+1)) p^x (1-p)^(n-x), for real 0 ≤ x ≤ n."""
    if p in {0, 1}:
        return 1.0 if x == n * p else 0.0
    if x == 0:
        return math.exp(n * math.log1p(-p))
    if x == n:
        return math.exp(n * math.log(p))
    stirling = _stirling_error(n) - _stirling_error(x) - _stirling_error(n - x)
    exponent = stirling - _deviance(x, n * p) - _deviance(n - x, n * (1 - p))
    return math.exp(exponent) * math.sqrt(n / (2 * math.pi * x * (n - x)))


def hypergeometric_density(x: int, sample: int, marked: int, lot: int) -> float:
    """The chance of x marked units in a sample without replacement: three binomial densities, as Loader does it."""
    if x < max(0, sample + marked - lot) or x > min(sample, marked):
        return 0.0
    if sample in {0, lot}:
        return 1.0
    p = sample / lot
    both = binomial_density(x, marked, p) * binomial_density(sample - x, lot - marked, p)
    return both / binomial_density(sample, lot, p)


def poisson_cdf(x: int, mean: float) -> float:
    return min(1.0, math.fsum(poisson_density(k, mean) for k in range(x + 1)))


def binomial_cdf(x: int, n: int, p: float) -> float:
    return min(1.0, math.fsum(binomial_density(k, n, p) for k in range(min(x, n) + 1)))


def hypergeometric_cdf(x: int, sample: int, marked: int, lot: int) -> float:
    possible = range(max(0, sample + marked - lot), min(x, sample, marked) + 1)
    return min(1.0, math.fsum(hypergeometric_density(k, sample, marked, lot) for k in possible))


def _stirling_error(n: float) -> float:
    """The logarithm of Γ(n+1) minus Stirling's approximation of it."""
    if n < SERIES_FROM:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    square = n * n
    inner = 1 / 1680 - (1 / 1188 - (691 / 360360) / square) / square
    return (1 / 12 - (1 / 360 - (1 / 1260 - inner / square) / square) / square) / n


def _deviance(x: float, mean: float) -> float:
    """The deviance x log(x/m) + m - x, without cancellation near x = m."""
    if abs(x - mean) >= 0.1 * (x + mean):
        return x * math.log(x / mean) + mean - x
    ratio = (x - mean) / (x + mean)
    total = (x - mean) * ratio
    term = 2 * x * ratio
    for odd in range(3, 1000, 2):
        term *= ratio * ratio
        if total + term / odd == total:
            break
        total += term / odd
    return total
