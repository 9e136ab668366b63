"""Rules against a slow reading of their words, and against sequences made by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.rules import NELSON, WESTERN_ELECTRIC, Rules, Track, matches
from opsroom.quality.spc.signals import find_signals


def track(points: list[float]) -> Track:
    return Track(np.array(points), 0.0, 1.0, -3.0, 3.0)


def fired(points: list[float], rules: Rules = NELSON) -> set[tuple[int, int]]:
    indices, which = matches(track(points), rules)
    return {(int(index), rules[int(rule)].number) for index, rule in zip(indices, which, strict=True)}


def slow_side(x: list[float], i: int, length: int) -> bool:
    last = x[i - length + 1 : i + 1]
    return i + 1 >= length and (all(value > 0 for value in last) or all(value < 0 for value in last))


def slow_trend(x: list[float], i: int) -> bool:
    if i < 5:
        return False
    pairs = [(x[j - 1], x[j]) for j in range(i - 4, i + 1)]
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def slow_alternation(x: list[float], i: int) -> bool:
    if i < 13:
        return False
    return all((x[j] - x[j - 1]) * (x[j + 1] - x[j]) < 0 for j in range(i - 12, i))


def slow_zone(x: list[float], i: int, window: int, needed: int, line: float) -> bool:
    last = x[max(0, i - window + 1) : i + 1]
    above = sum(value > line for value in last)
    below = sum(value < -line for value in last)
    return (x[i] > line and above >= needed) or (x[i] < -line and below >= needed)


def slow_hugging(x: list[float], i: int) -> bool:
    return i >= 14 and all(abs(value) <= 1 for value in x[i - 14 : i + 1])


def slow_avoiding(x: list[float], i: int) -> bool:
    last = x[max(0, i - 7) : i + 1]
    return len(last) == 8 and min(abs(value) for value in last) > 1 and min(last) < 0 < max(last)


SLOW_NELSON: dict[int, Callable[[list[float], int], bool]] = {
    1: lambda x, i: abs(x[i]) > 3,
    2: lambda x, i: slow_side(x, i, 9),
    3: slow_trend,
    4: slow_alternation,
    5: lambda x, i: slow_zone(x, i, 3, 2, 2),
    6: lambda x, i: slow_zone(x, i, 5, 4, 1),
    7: slow_hugging,
    8: slow_avoiding,
}
SLOW_WESTERN: dict[int, Callable[[list[float], int], bool]] = {
    1: lambda x, i: abs(x[i]) > 3,
    2: lambda x, i: slow_zone(x, i, 3, 2, 2),
    3: lambda x, i: slow_zone(x, i, 5, 4, 1),
    4: lambda x, i: slow_side(x, i, 8),
}

# Halves meet every line exactly; narrow choices make long runs likely.
halves = st.integers(-7, 7).map(lambda number: number / 2)
one_sided = st.integers(0, 3).map(lambda number: number / 2)
small = st.integers(-2, 2).map(lambda number: number / 2)
outer = st.sampled_from([-2.5, -1.5, 1.5, 2.5])
swinging = st.integers(1, 4).map(float)
sequences = st.one_of(
    *(st.lists(kind, min_size=1, max_size=60) for kind in (halves, one_sided, small, outer)),
    st.lists(swinging, min_size=1, max_size=40).map(
        lambda sizes: [size if number % 2 else -size for number, size in enumerate(sizes)]
    ),
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([-0.5, 0.5])), min_size=1, max_size=8).map(
        lambda runs: [step * count for length, step in runs for count in range(length)]
    ),
)


@given(sequences)
def test_nelsons_rules_mean_what_they_say(points: list[float]) -> None:
    slow = {(i, number) for i in range(len(points)) for number, holds in SLOW_NELSON.items() if holds(points, i)}
    assert fired(points) == slow


@given(sequences)
def test_western_electric_rules_mean_what_they_say(points: list[float]) -> None:
    slow = {(i, number) for i in range(len(points)) for number, holds in SLOW_WESTERN.items() if holds(points, i)}
    assert fired(points, WESTERN_ELECTRIC) == slow


@pytest.mark.parametrize(
    ("rule", "points", "completed_at"),
    [
        (1, [0, 3.1], [1]),
        (2, [0, *[0.5] * 11], [9, 10, 11]),
        (3, [0, 0, 0.1, 0.2, 0.3, 0.4, 0.5], [6]),
        (4, [0.1, -0.1] * 7, [13]),
        (5, [2.1, 0, 2.1, 0], [2]),
        (6, [1.1, 1.1, 0, 1.1, 1.1, 0], [4]),
        (7, [0.5, -0.4, 0.3] * 5, [14]),
        (8, [1.5, -1.5, 1.6, 1.7, -1.8, 1.5, -1.6, 1.5], [7]),
    ],
)
def test_a_pattern_signals_at_the_point_that_completes_it(
    rule: int, points: list[float], completed_at: list[int]
) -> None:
    assert sorted(index for index, number in fired(points) if number == rule) == completed_at


def test_a_point_on_the_center_line_ends_a_run() -> None:
    assert not {number for _, number in fired([0.5] * 8 + [0] + [0.5] * 8)} & {2}


def test_equal_neighbours_end_a_trend() -> None:
    assert not [number for _, number in fired([0, 0.1, 0.2, 0.2, 0.3, 0.4]) if number == 3]


def test_rounding_does_not_push_a_mean_over_its_center() -> None:
    wobbling = 0.1 + 0.2  # 0.30000000000000004
    close = Track(np.full(9, wobbling), 0.3, 1.0, -3.0, 3.0)
    assert matches(close, NELSON)[0].size == 0


def test_constant_data_do_not_hug_a_center_without_spread() -> None:
    still = Track(np.full(20, 5.0), 5.0, 0.0, 5.0, 5.0)
    assert len(find_signals(still, NELSON)) == 0


def test_lines_that_vary_are_compared_point_by_point() -> None:
    limits = np.array([1.0, 2.0, 3.0])
    varying = Track(np.array([1.5, 1.5, 3.5]), 0.0, limits / 3, -limits, limits)
    assert [signal.index for signal in find_signals(varying, NELSON) if signal.rule == 1] == [0, 2]


def test_every_rule_explains_itself() -> None:
    sentences = {
        1: ([0, 3.5], "Point 2 is 3.5, above the upper control limit 3."),
        2: ([-0.5] * 9, "Points 1 to 9: 9 in a row below the center line 0."),
        3: ([0, 0.1, 0.2, 0.3, 0.4, 0.5], "Points 1 to 6: 6 in a row steadily rising."),
        4: ([0.1, -0.1] * 7, "Points 1 to 14: 14 in a row alternating up and down."),
        5: (
            [-2.5, 0, -2.5],
            "Points 1 to 3: at least 2 of 3 more than 2 sigma below the center line (below -2), point 3 among them.",
        ),
        6: (
            [1.5] * 4,
            "Points 1 to 4: at least 4 of 5 more than 1 sigma above the center line (above 1), point 4 among them.",
        ),
        7: (
            [0.5, -0.4, 0.3] * 5,
            "Points 1 to 15: 15 in a row within 1 sigma of the center line (-1 to 1): too little variation.",
        ),
        8: (
            [1.5, -1.5] * 4,
            "Points 1 to 8: 8 in a row on both sides and none within 1 sigma of the center line (-1 to 1).",
        ),
    }
    for number, (points, sentence) in sentences.items():
        said = [signal.explanation for signal in find_signals(track(list(points)), NELSON) if signal.rule == number]
        assert said[0] == sentence
