"""The operating characteristic of a sampling plan: the chance that a lot of given quality is accepted."""

from dataclasses import dataclass

from .arrays import UnusableData
from .discrete import binomial_cdf, hypergeometric_cdf, poisson_cdf
from .plans import Plan

POINTS = 50
NEARLY_NEVER = 0.001
"""The curve is drawn down to this chance of acceptance."""


@dataclass(frozen=True)
class CurvePoint:
    """`p` is the fraction nonconforming, `nonconforming` the units of this lot that make it.

    `hypergeometric` is exact for this lot; `binomial` for the process behind it; `poisson` for plans above AQL 10,
    which count nonconformities, p of them per unit.
    """

    p: float
    nonconforming: int
    hypergeometric: float
    binomial: float
    poisson: float


def acceptance_chances(lot: int, n: int, most: int, nonconforming: int) -> CurvePoint:
    """The chance of at most `most` nonconforming units in a sample of n (the whole lot, if it is not larger)."""
    if not (0 <= nonconforming <= lot and n >= 1 and most >= 0):
        raise UnusableData(f"{nonconforming} nonconforming in a lot of {lot}, sample {n}, acceptance number {most}")
    sample, p = min(n, lot), nonconforming / lot
    return CurvePoint(
        p,
        nonconforming,
        hypergeometric_cdf(most, sample, nonconforming, lot),
        binomial_cdf(most, sample, p),
        poisson_cdf(most, sample * p),
    )


def operating_characteristic(lot: int, plan: Plan) -> list[CurvePoint]:
    """At most 51 points, at whole numbers of nonconforming units, from none to where acceptance is nearly impossible.

    A lot is accepted below the rejection number: in reduced inspection also between the two numbers.
    """
    most = plan.re - 1
    last = _first_hopeless(lot, plan.n, most)
    step = max(1, -(-last // POINTS))
    return [acceptance_chances(lot, plan.n, most, count) for count in range(0, min(last + step, lot + 1), step)]


def _first_hopeless(lot: int, n: int, most: int) -> int:
    """The smallest number of nonconforming units that both curves nearly never accept, or the whole lot."""
    low, high = 0, lot
    while low < high:
        middle = (low + high) // 2
        point = acceptance_chances(lot, n, most, middle)
        if max(point.hypergeometric, point.binomial) < NEARLY_NEVER:
            high = middle
        else:
            low = middle + 1
    return low
