"""Patterns that a process in control makes rarely.

L. S. Nelson, "The Shewhart control chart: tests for special causes", J. Quality Technology 16 (1984);
Western Electric, Statistical Quality Control Handbook (1956). A pattern signals at the point that completes it, and
again at each later point that completes it anew: a run of eleven on one side signals at its ninth, tenth and eleventh.
A line belongs to the zone inside it: "beyond" is strict, and a point on the center line is on neither side.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from .arrays import Flags, Floats, Integers, Line

Pattern: TypeAlias = Literal["beyond", "side", "trend", "alternation", "zone", "hugging", "avoiding"]

SLACK = 8 * float(np.finfo(np.float64).eps)
"""Rounding of a mean must not push a point over a line it stands on: distances this small, in relation to the
center, count as none."""


@dataclass(frozen=True)
class Rule:
    """`needed` of the last `window` points show the pattern; `zone` counts standard deviations from the center."""

    number: int
    pattern: Pattern
    window: int
    needed: int
    zone: int = 0


Rules: TypeAlias = tuple[Rule, ...]

NELSON: Rules = (
    Rule(1, "beyond", 1, 1, zone=3),
    Rule(2, "side", 9, 9),
    Rule(3, "trend", 6, 6),
    Rule(4, "alternation", 14, 14),
    Rule(5, "zone", 3, 2, zone=2),
    Rule(6, "zone", 5, 4, zone=1),
    Rule(7, "hugging", 15, 15, zone=1),
    Rule(8, "avoiding", 8, 8, zone=1),
)
WESTERN_ELECTRIC: Rules = (
    Rule(1, "beyond", 1, 1, zone=3),
    Rule(2, "zone", 3, 2, zone=2),
    Rule(3, "zone", 5, 4, zone=1),
    Rule(4, "side", 8, 8),
)


def without_zones(rules: Rules) -> Rules:
    """Rules that ask no symmetry of the statistic: those fit for ranges and standard deviations."""
    return tuple(rule for rule in rules if rule.pattern in {"beyond", "side", "trend", "alternation"})


def limits_only(rules: Rules) -> Rules:
    """For statistics whose neighbours depend on each other: moving ranges, EWMA, CUSUM."""
    return tuple(rule for rule in rules if rule.pattern == "beyond")


@dataclass(frozen=True, eq=False)
class Track:
    """The plotted points with the lines they are judged by; `spread` is the standard deviation of a point."""

    points: Floats
    center: Line
    spread: Line
    lcl: Line
    ucl: Line


def matches(track: Track, rules: Rules) -> tuple[Integers, Integers]:
    """Index and position in `rules` of every completed pattern, by index and then by rule."""
    sides = _Sides(track)
    found = [np.flatnonzero(sides.completed(rule)) for rule in rules]
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    indices = np.concatenate(found)
    which = np.repeat(np.arange(len(rules)), [part.size for part in found])
    order = np.argsort(indices, kind="stable")
    return indices[order], which[order]


class _Sides:
    """Points against lines as flags, each computed when the first rule asks for it."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self._distance: Floats = track.points - track.center
        self._slack = SLACK * np.abs(track.center)
        self._known: dict[int, tuple[Flags, Flags]] = {}

    def completed(self, rule: Rule) -> Flags:
        if rule.pattern == "beyond":
            points, track = self._track.points, self._track
            flags: Flags = (points > track.ucl + self._slack) | (points < track.lcl - self._slack)
            return flags
        if rule.pattern in {"side", "zone"}:
            above, below = self._outside(rule.zone)
            return _frequent(above, rule.window, rule.needed) | _frequent(below, rule.window, rule.needed)
        if rule.pattern in {"trend", "alternation"}:
            rising, falling = self._steps()
            return _trend(rising, falling, rule) if rule.pattern == "trend" else _alternation(rising, falling, rule)
        above, below = self._outside(rule.zone)
        if rule.pattern == "hugging":
            return _run(~(above | below) & (np.asarray(self._track.spread) > 0), rule.window)
        both = ~_run(above, rule.window) & ~_run(below, rule.window)
        return _run(above | below, rule.window) & both

    def _outside(self, zone: int) -> tuple[Flags, Flags]:
        """Points strictly above and strictly below the lines of a zone."""
        if zone not in self._known:
            line = zone * np.asarray(self._track.spread) + self._slack
            self._known[zone] = (self._distance > line, self._distance < -line)
        return self._known[zone]

    def _steps(self) -> tuple[Flags, Flags]:
        steps = np.diff(self._track.points)
        slack = self._slack if np.ndim(self._slack) == 0 else self._slack[1:]
        return steps > slack, steps < -slack


def _trend(rising: Flags, falling: Flags, rule: Rule) -> Flags:
    """Six points make five steps; a step ends at its second point."""
    steps = rule.window - 1
    return _later(_run(rising, steps) | _run(falling, steps), 1)


def _alternation(rising: Flags, falling: Flags, rule: Rule) -> Flags:
    """Fourteen points make thirteen steps and twelve turns; a turn ends at its third point."""
    turns = (rising[1:] & falling[:-1]) | (falling[1:] & rising[:-1])
    return _later(_run(turns, rule.window - 2), 2)


def _frequent(flags: Flags, window: int, needed: int) -> Flags:
    """True where the point has the flag and so have `needed` of the last `window`, itself among them."""
    if needed == window:
        return _run(flags, window)
    count = flags.astype(np.uint8)
    total = count.copy()
    for back in range(1, window):
        total[back:] += count[:-back]
    return flags & (total >= needed)


def _run(flags: Flags, length: int) -> Flags:
    """True where the last `length` flags are set, by doubling the length covered."""
    covered, run = 1, flags.copy()
    while covered < length:
        step = min(covered, length - covered)
        run[step:] &= run[:-step].copy()
        run[:step] = False
        covered += step
    return run


def _later(flags: Flags, points: int) -> Flags:
    """Flags of steps, moved to the points at which the steps end."""
    return np.concatenate([np.zeros(points, dtype=np.bool_), flags])
