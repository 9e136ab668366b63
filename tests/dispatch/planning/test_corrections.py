"""Corrections of driving times: by hand, and judged on drives that were held out."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.dispatch.planning.corrections import HALF_LIFE, NONE, Leg, error, judge, learn

NOW = 1_780_000_000
SLOW = Leg("Nairobi", "Nakuru", predicted=1000, actual=1500, at=NOW)


def test_one_drive_is_shrunk_twice_by_hand() -> None:
    found = learn([SLOW], NOW)
    # log 1.5 = 0.405465; overall 0.405465 / (1 + 1) = 0.202733; corridor (0.405465 + 2 · 0.202733) / (1 + 2) = 0.270310
    assert found.overall == pytest.approx(math.exp(0.2027326))
    assert found.corridors == {("Nairobi", "Nakuru"): pytest.approx(math.exp(0.2703101))}
    assert found.seen == {("Nairobi", "Nakuru"): 1}


def test_a_drive_of_four_weeks_ago_weighs_half() -> None:
    old = replace(SLOW, at=NOW - HALF_LIFE)
    # 0.5 · 0.405465 / (0.5 + 1)
    assert learn([old], NOW).overall == pytest.approx(math.exp(0.1351550))


def test_both_directions_are_one_corridor_and_an_unknown_one_says_what_all_do() -> None:
    back = replace(SLOW, origin="Nakuru", destination="Nairobi")
    found = learn([SLOW, back], NOW)
    assert found.seen == {("Nairobi", "Nakuru"): 2}
    assert found.factor(Leg("Eldoret", "Kitale", 10, 10, NOW)) == found.overall


@given(st.lists(st.floats(0.5, 2.0), min_size=1, max_size=30))
def test_a_factor_lies_between_no_correction_and_what_was_seen(ratios: list[float]) -> None:
    legs = [replace(SLOW, actual=1000 * ratio, at=NOW - number) for number, ratio in enumerate(ratios)]
    low, high = min(1.0, *ratios), max(1.0, *ratios)
    found = learn(legs, NOW)
    assert low - 1e-9 <= found.overall <= high + 1e-9
    assert all(low - 1e-9 <= factor <= high + 1e-9 for factor in found.corridors.values())


def test_what_holds_on_the_latest_drives_is_better_and_what_does_not_is_not() -> None:
    steady = [replace(SLOW, at=NOW - 100 + number) for number in range(8)]
    verdict = judge(steady, NONE, NOW)
    assert verdict is not None
    assert (verdict.trained_on, verdict.held_out, verdict.better) == (6, 2, True)
    assert verdict.error_before == pytest.approx(math.log(1.5))
    turned = [*steady[:6], *(replace(leg, actual=1000) for leg in steady[6:])]
    verdict = judge(turned, NONE, NOW)
    assert verdict is not None
    assert not verdict.better


def test_too_few_drives_teach_nothing_and_wild_ones_are_left_out() -> None:
    assert judge([SLOW] * 3, NONE, NOW) is None
    wild = replace(SLOW, actual=9000)
    assert judge([SLOW, SLOW, SLOW, wild], NONE, NOW) is None


def test_the_error_is_that_of_the_logarithm_either_way() -> None:
    twice, half = replace(SLOW, actual=2000), replace(SLOW, actual=500)
    assert error([twice, half], NONE) == pytest.approx(math.log(2))


def test_an_hour_is_shrunk_to_its_corridor_and_a_vehicle_to_what_is_left_by_hand() -> None:
    found = learn([replace(SLOW, hour=7, vehicle="KDA-1")], NOW)
    # corridor 0.270310 as above; hour (0.405465 + 2 · 0.270310) / (1 + 2) = 0.315362;
    # vehicle (0.405465 - 0.315362) / (1 + 2) = 0.030034
    assert found.hours == {("Nairobi", "Nakuru", 7): pytest.approx(math.exp(0.3153618))}
    assert found.vehicles == {"KDA-1": pytest.approx(math.exp(0.0300344))}
    assert (found.seen_hours, found.seen_vehicles) == ({("Nairobi", "Nakuru", 7): 1}, {"KDA-1": 1})


def test_what_is_not_known_of_an_hour_or_a_vehicle_is_said_by_what_it_is_part_of() -> None:
    found = learn([replace(SLOW, hour=7, vehicle="KDA-1")], NOW)
    corridor = found.corridors["Nairobi", "Nakuru"]
    assert found.factor(replace(SLOW, hour=8, vehicle="KDB-2")) == corridor
    assert found.factor(replace(SLOW, hour=7)) == found.hours["Nairobi", "Nakuru", 7]
    assert found.factor(replace(SLOW, hour=8, vehicle="KDA-1")) == corridor * found.vehicles["KDA-1"]
