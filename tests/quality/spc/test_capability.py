"""Capability against hand work on the piston rings of Montgomery and against his formulas for intervals."""

import math

import pytest

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.capability import Specification, capability
from opsroom.quality.spc.constants import c4, d2
from opsroom.quality.spc.subgroups import Subgroups

GROUPS = Subgroups.from_rows([[9.0, 10.0, 12.0], [10.0, 11.0, 13.0], [8.0, 11.0, 11.0]])
INDIVIDUALS = Subgroups.from_rows([[value] for value in (50.1, 49.6, 50.4, 50.0, 49.9, 50.3, 49.7, 50.2)])


def test_both_kinds_of_spread_are_told_apart() -> None:
    found = capability(GROUPS, Specification(lower=2, upper=20))
    within, center = 3 / d2(3), 95 / 9
    squares = sum((value - center) ** 2 for value in GROUPS.values)
    overall = math.sqrt(squares / 8)
    assert (found.mean, found.sigma_within, found.sigma_overall) == pytest.approx((center, within, overall))
    assert (found.cp, found.pp) == pytest.approx((3 / within, 3 / overall))
    assert (found.cpl, found.cpu) == pytest.approx(((center - 2) / 3 / within, (20 - center) / 3 / within))
    assert found.cpk == found.cpl
    assert found.ppk == pytest.approx((center - 2) / 3 / overall)


def test_other_estimates_of_the_spread_within_may_be_asked_for() -> None:
    deviations = [math.sqrt(7 / 3), math.sqrt(7 / 3), math.sqrt(3)]
    limits = Specification(lower=2)
    by_deviation = capability(GROUPS, limits, within="deviation").sigma_within
    by_pooling = capability(GROUPS, limits, within="pooled").sigma_within
    assert by_deviation == pytest.approx(sum(deviations) / 3 / c4(3))
    assert by_pooling == pytest.approx(math.sqrt((7 / 3 + 7 / 3 + 3) / 3) / c4(7))


def test_large_subgroups_are_judged_by_their_deviations() -> None:
    rows = Subgroups.from_rows([[float(value) for value in range(11)], [float(value) for value in range(1, 12)]])
    assert capability(rows, Specification(lower=-9)).sigma_within == pytest.approx(math.sqrt(11) / c4(11))


def test_individuals_take_the_moving_range() -> None:
    found = capability(INDIVIDUALS, Specification(lower=48, upper=52))
    assert found.sigma_within == pytest.approx((0.5 + 0.8 + 0.4 + 0.1 + 0.4 + 0.6 + 0.5) / 7 / d2(2))


def test_one_sided_specifications_have_only_their_side() -> None:
    found = capability(GROUPS, Specification(upper=20))
    assert (found.cp, found.pp, found.cpl, found.cpm) == (None, None, None, None)
    assert found.cpk == found.cpu
    assert set(found.intervals) == {"cpk", "ppk", "cpu"}


def test_a_target_off_the_mean_costs_capability() -> None:
    center = 95 / 9
    on_mean = capability(GROUPS, Specification(lower=2, upper=20, target=center))
    off_mean = capability(GROUPS, Specification(lower=2, upper=20, target=center + on_mean.sigma_overall))
    assert on_mean.cpm == pytest.approx(on_mean.pp)
    assert off_mean.pp is not None
    assert off_mean.cpm == pytest.approx(off_mean.pp / math.sqrt(2))


def of_size(n: int, spread: float, center: float) -> Subgroups:
    """Values, n of them, with exactly this mean and overall standard deviation."""
    half = [-1.0, 1.0] * (n // 2)
    scale = spread * math.sqrt((n - 1) / n)
    return Subgroups.from_rows([[center + scale * value] for value in half])


def test_the_interval_of_cp_agrees_with_montgomery() -> None:
    """Chapter 8: n = 20, s = 1.75, limits 38 and 62: 2.29, between 1.57 and 3.01."""
    found = capability(of_size(20, 1.75, 50), Specification(lower=38, upper=62))
    assert found.pp == pytest.approx(2.29, abs=5e-3)
    assert found.intervals["pp"] == pytest.approx((1.57, 3.01), abs=1e-2)


def test_the_interval_of_cpk_agrees_with_montgomery() -> None:
    """Chapter 8: n = 20, an estimate of 1.33: between 0.88 and 1.78."""
    found = capability(of_size(20, 1, 0), Specification(upper=3.99))
    assert found.ppk == pytest.approx(1.33)
    assert found.intervals["ppk"] == pytest.approx((0.88, 1.78), abs=1e-2)


def test_more_confidence_takes_a_wider_interval() -> None:
    limits = Specification(lower=2, upper=20)
    narrow, wide = (capability(GROUPS, limits, confidence=level).intervals for level in (0.9, 0.99))
    for name, (low, high) in narrow.items():
        assert wide[name][0] < low < high < wide[name][1]


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (5.0, 4.0, "lower 5 is not below upper 4"),
        (4.0, 4.0, "lower 4 is not below upper 4"),
        (None, None, "needs a lower or an upper limit"),
        (math.nan, 4.0, "lower is nan"),
    ],
)
def test_impossible_specifications_are_refused(lower: float | None, upper: float | None, words: str) -> None:
    with pytest.raises(UnusableData, match=words):
        Specification(lower, upper)


def test_data_without_variation_are_refused() -> None:
    with pytest.raises(UnusableData, match="all measurements are equal"):
        capability(Subgroups.from_rows([[1, 1], [1, 1]]), Specification(lower=0))
    with pytest.raises(UnusableData, match="no subgroup varies within itself"):
        capability(Subgroups.from_rows([[1, 1], [2, 2]]), Specification(lower=0))
    with pytest.raises(UnusableData, match="confidence is 1"):
        capability(GROUPS, Specification(lower=0), confidence=1)
