"""Normal, chi-square and F probabilities from incomplete gamma and beta functions.

Series and continued fractions as in Abramowitz and Stegun 6.5.29, 6.5.31 and 26.5.8, the fractions by Lentz's
method; their leading factors are the saddle-point densities of `discrete`, which do not cancel at large arguments.
"""

import math
from statistics import NormalDist

from .arrays import Floats
from .discrete import binomial_density, poisson_density

SMALLEST = 1e-300
PRECISION = 1e-16
MOST_TERMS = 100_000


def normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def normal_quantile(probability: float) -> float:
    """Wichura's AS 241, as the standard library has it (relative error about 1e-16)."""
    return NormalDist().inv_cdf(probability)


def chi_square_cdf(x: float, freedom: float) -> float:
    return 1 - chi_square_tail(x, freedom) if x > freedom else _gamma_series(freedom / 2, x / 2)


def chi_square_tail(x: float, freedom: float) -> float:
    """P(X > x), exact in the tail."""
    if x <= freedom:
        return 1 - _gamma_series(freedom / 2, x / 2)
    return _gamma_fraction(freedom / 2, x / 2)


def chi_square_quantile(probability: float, freedom: float) -> float:
    """By bisection: the distribution function is monotone and the bracket is doubled until it holds the answer."""
    low, high = 0.0, max(1.0, 2 * freedom)
    while chi_square_cdf(high, freedom) < probability:
        high *= 2
    while (middle := (low + high) / 2) not in {low, high}:
        if chi_square_cdf(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high


def f_tail(ratio: float, numerator: float, denominator: float) -> float:
    """P(F > ratio) with the two degrees of freedom."""
    if ratio <= 0:
        return 1.0
    return beta_cdf(denominator / (denominator + numerator * ratio), denominator / 2, numerator / 2)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    # x^a (1-x)^b / B(a, b), written as a binomial density with a real argument
    factor = binomial_density(a, a + b, x) * a * b / (a + b)
    return factor * _beta_fraction(x, a, b) / a


def log_normal_cdf(z: Floats) -> list[float]:
    """The logarithm of Φ(z) for each value, also where Φ itself would underflow."""
    return [_log_cdf(value) for value in z.tolist()]


def _log_cdf(z: float) -> float:
    if z > -30:
        return math.log(normal_cdf(z))
    # Abramowitz and Stegun 26.2.12; at -30 the omitted term is below 1e-11 of the correction
    square = z * z
    tail = 1 - 1 / square + 3 / square**2 - 15 / square**3 + 105 / square**4
    return -square / 2 - math.log(-z) - 0.5 * math.log(2 * math.pi) + math.log(tail)


def _gamma_series(a: float, x: float) -> float:
    if x <= 0:
        return 0.0
    term = total = 1.0
    for step in range(1, MOST_TERMS):
        term *= x / (a + step)
        total += term
        if term < total * PRECISION:
            break
    return poisson_density(a, x) * total


def _gamma_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / SMALLEST, 1 / b
    value = d
    for step in range(1, MOST_TERMS):
        factor = -step * (step - a)
        b += 2
        d = 1 / _nonzero(factor * d + b)
        c = _nonzero(b + factor / c)
        value *= c * d
        if abs(c * d - 1) < PRECISION * 4:
            break
    return poisson_density(a, x) * a * value


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for factor in (even, odd):
            d = 1 / _nonzero(1 + factor * d)
            c = _nonzero(1 + factor / c)
            value *= c * d
        if abs(c * d - 1) < PRECISION * 4:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > SMALLEST else SMALLEST
