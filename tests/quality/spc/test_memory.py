"""EWMA and CUSUM against Montgomery's table 9.1 and the NIST handbook 6.3.2.3 and 6.3.2.4."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.chart import Basis
from opsroom.quality.spc.constants import d2
from opsroom.quality.spc.memory import Decision, Weighting, cusum, ewma
from opsroom.quality.spc.subgroups import Subgroups

MONTGOMERY = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08,
    9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
]  # fmt: skip
NIST_EWMA = [
    52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5,
    49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1,
]  # fmt: skip
NIST_CUSUM = [
    324.925, 324.675, 324.725, 324.350, 325.350, 325.225, 324.125, 324.525, 325.225, 324.600,
    324.625, 325.150, 328.325, 327.250, 327.825, 328.500, 326.675, 327.775, 326.875, 328.350,
]  # fmt: skip


def single(values: list[float]) -> Subgroups:
    return Subgroups.from_rows([[value] for value in values])


def test_the_cusum_of_montgomery() -> None:
    chart = cusum(single(MONTGOMERY), Basis(center=10, sigma=1))
    assert chart.points[:8] == pytest.approx([0, 0, 0, 1.16, 2.82, 2.50, 0.04, 1.00], abs=1e-9)
    assert chart.points[-3:] == pytest.approx([4.47, 5.28, 5.30], abs=1e-9)
    lower = chart.extras["lower"]
    assert isinstance(lower, list)
    assert lower[:4] == pytest.approx([0.05, 1.56, 1.77, 0], abs=1e-9)
    assert [signal.index + 1 for signal in chart.signals] == [29, 30]
    assert next(iter(chart.signals)).explanation == (
        "Point 29: the upper sum 5.28 exceeds the decision interval 5; "
        "it has grown since point 23, so the mean has probably risen about there."
    )


def test_the_cusum_of_the_nist_handbook_signals_at_sample_14() -> None:
    chart = cusum(single(NIST_CUSUM), Basis(center=325, sigma=1), Decision(k=0.3175, h=4.1959))
    assert [signal.index + 1 for signal in chart.signals] == list(range(14, 21))
    assert chart.points[12:15] == pytest.approx([3.01, 4.94, 7.45], abs=6e-3)


def test_the_ewma_of_montgomery() -> None:
    chart = ewma(single(MONTGOMERY), Basis(center=10, sigma=1), Weighting(0.1, 2.7))
    assert chart.points[:3] == pytest.approx([9.945, 9.7495, 9.70355], abs=1e-9)
    assert chart.points[-1] == pytest.approx(10.6341, abs=5e-5)
    assert isinstance(chart.ucl, np.ndarray)
    assert isinstance(chart.lcl, np.ndarray)
    assert (chart.ucl[0], chart.lcl[0], chart.ucl[1]) == pytest.approx((10.27, 9.73, 10.36), abs=5e-3)
    assert chart.ucl[-1] == pytest.approx(10.62, abs=5e-3)


def test_the_ewma_of_the_nist_handbook() -> None:
    chart = ewma(single(NIST_EWMA), Basis(center=50, sigma=2.0539), Weighting(0.3))
    assert chart.points[:3] == pytest.approx([50.60, 49.52, 50.56], abs=5e-3)
    assert chart.points[-2:] == pytest.approx([51.94, 51.99], abs=5e-3)
    assert chart.extras["steady"] == {
        "lcl": pytest.approx(47.4115, abs=1e-4),
        "ucl": pytest.approx(52.5884, abs=1e-4),
    }
    assert len(chart.signals) == 0


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40), st.integers(1, 20), st.integers(0, 4))
def test_sums_and_averages_agree_with_their_definition(values: list[int], weight: int, k: int) -> None:
    share, groups = weight / 20, single([float(value) for value in values])
    smoothed, high, low = 3.0, 0.0, 0.0
    slow_ewma, slow_high, slow_low = [], [], []
    for value in values:
        smoothed = share * value + (1 - share) * smoothed
        high, low = max(0.0, value - 3 - k * 2 + high), max(0.0, 3 - k * 2 - value + low)
        slow_ewma.append(smoothed)
        slow_high.append(high)
        slow_low.append(low)
    basis = Basis(center=3, sigma=2)
    assert ewma(groups, basis, Weighting(share)).points == pytest.approx(slow_ewma, abs=1e-9)
    sums = cusum(groups, basis, Decision(k, 5))
    assert sums.points.tolist() == slow_high
    assert sums.extras["lower"] == slow_low


def test_limits_of_varying_subgroups_follow_the_recursion_of_variances() -> None:
    chart = ewma(Subgroups.from_rows([[1, 2], [1, 2, 3], [2, 3]]), Basis(center=2, sigma=1), Weighting(0.5, 1))
    first = 0.25 / 2
    second = 0.25 / 3 + 0.25 * first
    assert isinstance(chart.ucl, np.ndarray)
    assert chart.ucl[:2] == pytest.approx([2 + first**0.5, 2 + second**0.5])
    assert "steady" not in chart.extras


def test_equal_subgroups_have_the_closed_form_of_the_recursion() -> None:
    groups = Subgroups.from_rows([[1, 2], [1, 3], [2, 3]])
    chart = ewma(groups, Basis(center=2, sigma=1), Weighting(0.3, 1))
    variances, before = [], 0.0
    for _ in range(3):
        before = 0.09 / 2 + 0.49 * before
        variances.append(before)
    assert chart.ucl == pytest.approx([2 + variance**0.5 for variance in variances])


@pytest.mark.parametrize("weight", [1e-17, 0.001, 0.2, 0.9, 1.0])
def test_limits_of_long_charts_settle_without_a_step(weight: float) -> None:
    chart = ewma(single([0.0, 1.0] * 500), Basis(center=0, sigma=1), Weighting(weight, 1))
    slow, before = [], 0.0
    for _ in range(1000):
        before = weight**2 + (1 - weight) ** 2 * before
        slow.append(before**0.5)
    assert chart.ucl == pytest.approx(slow, rel=1e-9, abs=1e-15)


def test_sigma_comes_from_ranges_of_subgroups_or_of_neighbours() -> None:
    assert cusum(Subgroups.from_rows([[1, 3], [2, 4]])).sigma == pytest.approx(2 / d2(2))
    assert cusum(single([1, 3, 2])).sigma == pytest.approx(1.5 / d2(2))


def test_no_rules_no_signals() -> None:
    assert len(cusum(single(MONTGOMERY), Basis(center=10, sigma=1, rules=())).signals) == 0


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(UnusableData, match="lambda is 0"):
        Weighting(0)
    with pytest.raises(UnusableData, match="width is -1"):
        Weighting(0.2, -1)
    with pytest.raises(UnusableData, match="k is -1"):
        Decision(-1)
    with pytest.raises(UnusableData, match="h is 0"):
        Decision(0.5, 0)
    with pytest.raises(UnusableData, match="expected equal sizes"):
        cusum(Subgroups.from_rows([[1, 2], [1, 2, 3]]))
