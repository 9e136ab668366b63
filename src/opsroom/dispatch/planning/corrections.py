"""What drives that were made teach about drives to come: a factor on the time, by corridor.

y = log(actual / predicted) of each drive, weighted by recency w = 2^(−age / HALF_LIFE). The overall mean is shrunk to
no correction, each corridor's mean to the overall one:

    m = Σ w y / (Σ w + STRENGTH_ALL)        m_c = (Σ_c w y + STRENGTH · m) / (Σ_c w + STRENGTH)

Partial pooling (A. Gelman, J. Hill, "Data Analysis Using Regression and Multilevel/Hierarchical Models", 2007,
chapter 12), after the shrinkage of B. Efron and C. Morris, JASA 70 (1975); with few drives a corridor says what all do.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HALF_LIFE = 28 * 86_400
"""Seconds in which a drive loses half of its weight."""
STRENGTH_ALL = 1.0
"""Drives that the belief in no correction at all is worth."""
STRENGTH = 2.0
"""Drives that the overall mean is worth to a corridor."""
HELD_OUT = 0.25
"""Part of the drives, the latest, that a correction is judged by and not learned from."""
FEWEST = 4
"""Drives below which nothing is learned."""
WILD = 4.0
"""A drive that took so many times longer or shorter tells of something else than the road."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One drive between two areas; `predicted` and `actual` in seconds, the former without any correction."""

    origin: str
    destination: str
    predicted: float
    actual: float
    at: int

    @property
    def corridor(self) -> tuple[str, str]:
        """The same in both directions."""
        one, other = sorted((self.origin, self.destination))
        return one, other

    @property
    def log_ratio(self) -> float:
        return math.log(self.actual / self.predicted)


@dataclass(frozen=True)
class Corrections:
    """Factors on predicted times."""

    overall: float
    corridors: dict[tuple[str, str], float]
    seen: dict[tuple[str, str], int]
    """Drives behind each corridor's factor."""

    def factor(self, leg: Leg) -> float:
        return self.corridors.get(leg.corridor, self.overall)


NONE = Corrections(1.0, {}, {})


@dataclass(frozen=True)
class Verdict:
    """error_before, error_after: mean |log(actual / corrected prediction)| over the drives held out"""

    learned: Corrections
    trained_on: int
    held_out: int
    error_before: float
    error_after: float

    @property
    def better(self) -> bool:
        return self.error_after < self.error_before


def learn(legs: Iterable[Leg], now: int) -> Corrections:
    """Factors from drives, as of `now`."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for leg in legs:
        weight = 2.0 ** (-max(now - leg.at, 0) / HALF_LIFE)
        for total, part in enumerate((weight, weight * leg.log_ratio, 1.0)):
            sums[leg.corridor][total] += part
    weights = sum(weight for weight, _, _ in sums.values())
    mean = sum(weighted for _, weighted, _ in sums.values()) / (weights + STRENGTH_ALL)
    corridors = {
        corridor: math.exp((weighted + STRENGTH * mean) / (weight + STRENGTH))
        for corridor, (weight, weighted, _) in sorted(sums.items())
    }
    return Corrections(math.exp(mean), corridors, {corridor: round(seen) for corridor, (_, _, seen) in sums.items()})


def judge(legs: Sequence[Leg], present: Corrections, now: int) -> Verdict | None:
    """Learn from the earlier drives and judge by the latest, beside what is in force; None with too few drives."""
    known = sorted((leg for leg in legs if _tame(leg)), key=lambda leg: leg.at)
    if len(known) < FEWEST:
        return None
    held = max(1, round(len(known) * HELD_OUT))
    earlier, latest = known[:-held], known[-held:]
    learned = learn(earlier, now)
    return Verdict(learned, len(earlier), held, error(latest, present), error(latest, learned))


def error(legs: Sequence[Leg], corrections: Corrections) -> float:
    return sum(abs(leg.log_ratio - math.log(corrections.factor(leg))) for leg in legs) / len(legs)


def _tame(leg: Leg) -> bool:
    return leg.predicted > 0 and 1 / WILD <= leg.actual / leg.predicted <= WILD
