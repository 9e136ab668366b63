"""Signals of a chart: where, which rule, and a sentence that a person at the line understands.

Positions and rules are arrays; sentences are written when somebody reads them, so a million points stay cheap.
Indices count from 0; sentences count points from 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from .arrays import Integers, Line
from .rules import Pattern, Rule, Rules, Track, matches


@dataclass(frozen=True)
class Signal:
    index: int
    rule: int
    explanation: str


@dataclass(frozen=True, eq=False)
class Signals:
    """`indices` and `numbers` run in parallel; iterating gives each with its explanation."""

    indices: Integers
    numbers: Integers
    explain: Callable[[int, int], str]

    def __len__(self) -> int:
        return int(self.indices.size)

    def __iter__(self) -> Iterator[Signal]:
        for index, number in zip(self.indices.tolist(), self.numbers.tolist(), strict=True):
            yield Signal(index, number, self.explain(index, number))


def find_signals(track: Track, rules: Rules) -> Signals:
    indices, which = matches(track, rules)
    numbers = np.array([rule.number for rule in rules], dtype=np.int64)
    by_number = {rule.number: rule for rule in rules}
    return Signals(indices, numbers[which] if rules else which, partial(_sentence, track, by_number))


def at(line: Line, index: int) -> float:
    return float(line[index]) if isinstance(line, np.ndarray) else line


def _sentence(track: Track, rules: dict[int, Rule], index: int, number: int) -> str:
    rule = rules[number]
    if rule.pattern == "beyond":
        return _beyond(track, index)
    first, last = max(1, index + 2 - rule.window), index + 1
    return f"Points {first} to {last}: {PATTERNS[rule.pattern](track, rule, index)}."


def _beyond(track: Track, index: int) -> str:
    value, side = float(track.points[index]), _side(track, index)
    limit, name = (track.ucl, "upper") if side == "above" else (track.lcl, "lower")
    return f"Point {index + 1} is {value:.6g}, {side} the {name} control limit {at(limit, index):.6g}."


def _one_side(track: Track, rule: Rule, index: int) -> str:
    return f"{rule.window} in a row {_side(track, index)} the center line {at(track.center, index):.6g}"


def _trend(track: Track, rule: Rule, index: int) -> str:
    direction = "rising" if track.points[index] > track.points[index - 1] else "falling"
    return f"{rule.window} in a row steadily {direction}"


def _alternation(_track: Track, rule: Rule, _index: int) -> str:
    return f"{rule.window} in a row alternating up and down"


def _far(track: Track, rule: Rule, index: int) -> str:
    side, (low, high) = _side(track, index), _lines(track, rule.zone, index)
    line = high if side == "above" else low
    return (
        f"at least {rule.needed} of {rule.window} more than {rule.zone} sigma {side} the center line "
        f"({side} {line:.6g}), point {index + 1} among them"
    )


def _hugging(track: Track, rule: Rule, index: int) -> str:
    return f"{rule.window} in a row within {_band(track, rule, index)}: too little variation"


def _avoiding(track: Track, rule: Rule, index: int) -> str:
    return f"{rule.window} in a row on both sides and none within {_band(track, rule, index)}"


PATTERNS: dict[Pattern, Callable[[Track, Rule, int], str]] = {
    "side": _one_side,
    "trend": _trend,
    "alternation": _alternation,
    "zone": _far,
    "hugging": _hugging,
    "avoiding": _avoiding,
}


def _side(track: Track, index: int) -> str:
    return "above" if float(track.points[index]) > at(track.center, index) else "below"


def _band(track: Track, rule: Rule, index: int) -> str:
    low, high = _lines(track, rule.zone, index)
    return f"{rule.zone} sigma of the center line ({low:.6g} to {high:.6g})"


def _lines(track: Track, zone: int, index: int) -> tuple[float, float]:
    center, spread = at(track.center, index), at(track.spread, index)
    return center - zone * spread, center + zone * spread
