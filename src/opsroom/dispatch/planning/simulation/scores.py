"""A run in figures, and two policies on the same days."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from opsroom.dispatch.planning.simulation.run import Step


@dataclass(frozen=True, slots=True)
class Score:
    orders: int
    """Delivered."""
    lost: int
    late: int
    cost: int
    """Cents, with the price of lost orders."""
    wait: float
    """Mean seconds from an order's arrival to its departure."""
    load: float
    """Mean share of a vehicle's capacity in use when fullest."""

    @property
    def cost_per_order(self) -> float:
        return self.cost / max(self.orders, 1)

    @property
    def service(self) -> float:
        """Share of all orders delivered in time."""
        return (self.orders - self.late) / max(self.orders + self.lost, 1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of independent observations with its two-sided confidence interval."""

    mean: float
    low: float
    high: float
    observations: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def score(steps: Sequence[Step]) -> Score:
    outcomes = [outcome for step in steps for outcome in step.outcomes]
    known = {order.key: order for step in steps for order in step.situation.state.orders}
    waits = [outcome.left - known[key].received for outcome in outcomes for key, _ in outcome.arrivals]
    lost = [key for step in steps for key in step.lost]
    return Score(
        orders=len(waits),
        lost=len(lost),
        late=sum(len(outcome.late) for outcome in outcomes),
        cost=sum(outcome.cost.total for outcome in outcomes) + sum(known[key].price for key in lost),
        wait=fmean(waits) if waits else 0.0,
        load=fmean(outcome.load for outcome in outcomes) if outcomes else 0.0,
    )


def interval(observations: Sequence[float], level: float = 0.95) -> Interval:
    """The mean ± t(n − 1) · s/√n; with fewer than two observations the interval is unbounded."""
    number = len(observations)
    mean = fmean(observations)
    if number < 2:
        return Interval(mean, -math.inf, math.inf, number)
    half = student_quantile(0.5 + level / 2, number - 1) * stdev(observations) / math.sqrt(number)
    return Interval(mean, mean - half, mean + half, number)


def paired(
    one: Sequence[Score], other: Sequence[Score], measure: Callable[[Score], float], level: float = 0.95
) -> Interval:
    """The difference one − other over runs that share their seeds, position by position."""
    return interval([measure(a) - measure(b) for a, b in zip(one, other, strict=True)], level)


def compare(
    play: Callable[[int], tuple[Score, Score]],
    measure: Callable[[Score], float],
    *,
    half_width: float,
    fewest: int = 5,
    most: int = 100,
) -> Interval:
    """Play seeds 0, 1, … with both policies until the paired difference is known to ± `half_width`, or `most` times.

    Stopping by a width alone, with at least `fewest` runs, keeps the interval's coverage near its level (Y. S. Chow
    and H. Robbins, "On the asymptotic theory of fixed-width sequential confidence intervals", 1965).
    """
    pairs = [play(seed) for seed in range(fewest)]
    while True:
        difference = paired([a for a, _ in pairs], [b for _, b in pairs], measure)
        if difference.half_width <= half_width or len(pairs) >= most:
            return difference
        pairs.append(play(len(pairs)))


def student_quantile(probability: float, freedom: int) -> float:
    """Student's t: exact for one and two degrees of freedom, else Abramowitz and Stegun 26.7.5 (error below 0.3 %)."""
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        centred = 2 * probability - 1
        return centred * math.sqrt(2 / (1 - centred * centred))
    x = NormalDist().inv_cdf(probability)
    terms: tuple[float, ...] = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return x + sum(term * math.pow(freedom, -power) for power, term in enumerate(terms, start=1))
