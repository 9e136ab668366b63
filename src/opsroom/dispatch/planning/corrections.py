"""What drives that were made teach about drives to come: a factor on the time, by corridor, hour and vehicle.

y = log(actual / predicted) of each drive, weighted by recency w = 2^(−age / HALF_LIFE). The overall mean is shrunk to
no correction, each corridor's mean to the overall one, each of its hours' to the corridor's; a vehicle's is what is
left over then, shrunk to nothing:

    m = Σ w y / (Σ w + STRENGTH_ALL)                m_c = (Σ_c w y + STRENGTH · m) / (Σ_c w + STRENGTH)
    m_ch = (Σ_ch w y + STRENGTH · m_c) / (Σ_ch w + STRENGTH)
    m_v = Σ_v w (y − m_ch) / (Σ_v w + STRENGTH)

Partial pooling (A. Gelman, J. Hill, "Data Analysis Using Regression and Multilevel/Hierarchical Models", 2007,
chapter 12), after the shrinkage of B. Efron and C. Morris, JASA 70 (1975); with few drives a corridor says what all do.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

Corridor = tuple[str, str]
Slot = tuple[str, str, int]
"""A corridor in an hour of the local day."""
Key = TypeVar("Key", Corridor, Slot, str)

HALF_LIFE = 28 * 86_400
"""Seconds in which a drive loses half of its weight."""
STRENGTH_ALL = 1.0
"""Drives that the belief in no correction at all is worth."""
STRENGTH = 2.0
"""Drives that a level is worth to what is part of it."""
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
    hour: int | None = None
    """Of the local day in which it began; None where nobody wrote it down."""
    vehicle: str = ""

    @property
    def slot(self) -> Slot | None:
        return None if self.hour is None else (*self.corridor, self.hour)

    @property
    def corridor(self) -> Corridor:
        """The same in both directions."""
        one, other = sorted((self.origin, self.destination))
        return one, other

    @property
    def log_ratio(self) -> float:
        return math.log(self.actual / self.predicted)


@dataclass(frozen=True)
class Corrections:
    """Factors on predicted times; a vehicle's multiplies that of its corridor and hour. Then drives behind each."""

    overall: float
    corridors: dict[Corridor, float] = field(default_factory=dict)
    seen: dict[Corridor, int] = field(default_factory=dict)
    hours: dict[Slot, float] = field(default_factory=dict)
    seen_hours: dict[Slot, int] = field(default_factory=dict)
    vehicles: dict[str, float] = field(default_factory=dict)
    seen_vehicles: dict[str, int] = field(default_factory=dict)

    def factor(self, leg: Leg) -> float:
        of_the_road = self.corridors.get(leg.corridor, self.overall)
        if leg.slot is not None:
            of_the_road = self.hours.get(leg.slot, of_the_road)
        return of_the_road * self.vehicles.get(leg.vehicle, 1.0)


NONE = Corrections(1.0)


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
    """Factors from drives, as of `now`: each level is shrunk to the one above it."""
    drives = [(leg, 2.0 ** (-max(now - leg.at, 0) / HALF_LIFE)) for leg in legs]
    overall = _Sum.over((leg.log_ratio, weight) for leg, weight in drives).shrunk(STRENGTH_ALL, 0.0)
    corridors = _by(drives, lambda leg: leg.corridor, lambda _: overall)
    hours = _by(drives, lambda leg: leg.slot, lambda leg: corridors[leg.corridor].mean)
    known = {slot: level.mean for slot, level in hours.items()}
    expected = {id(leg): corridors[leg.corridor].mean if leg.slot is None else known[leg.slot] for leg, _ in drives}
    vehicles = _by(drives, lambda leg: leg.vehicle or None, lambda _: 0.0, lambda leg: expected[id(leg)])
    return Corrections(
        math.exp(overall),
        {key: math.exp(level.mean) for key, level in corridors.items()},
        {key: level.drives for key, level in corridors.items()},
        {key: math.exp(level.mean) for key, level in hours.items()},
        {key: level.drives for key, level in hours.items()},
        {key: math.exp(level.mean) for key, level in vehicles.items()},
        {key: level.drives for key, level in vehicles.items()},
    )


@dataclass
class _Sum:
    """Of logarithms by weight."""

    weight: float = 0.0
    weighted: float = 0.0
    drives: int = 0

    @classmethod
    def over(cls, values: Iterable[tuple[float, float]]) -> Self:
        found = cls()
        for value, weight in values:
            found.weight += weight
            found.weighted += weight * value
            found.drives += 1
        return found

    def shrunk(self, strength: float, towards: float) -> float:
        return (self.weighted + strength * towards) / (self.weight + strength)


@dataclass(frozen=True, slots=True)
class _Level:
    mean: float
    drives: int


def _by(
    drives: Sequence[tuple[Leg, float]],
    key: Callable[[Leg], Key | None],
    towards: Callable[[Leg], float],
    less: Callable[[Leg], float] = lambda _: 0.0,
) -> dict[Key, _Level]:
    """The mean of each group's logarithms, `less` what is expected of them, shrunk to what the group is part of."""
    groups: dict[Key, list[tuple[Leg, float]]] = defaultdict(list)
    for leg, weight in drives:
        group = key(leg)
        if group is not None:
            groups[group].append((leg, weight))
    found = {}
    for group, members in sorted(groups.items()):
        total = _Sum.over((leg.log_ratio - less(leg), weight) for leg, weight in members)
        found[group] = _Level(total.shrunk(STRENGTH, towards(members[0][0])), total.drives)
    return found


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
