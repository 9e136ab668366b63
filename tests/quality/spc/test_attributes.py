"""Charts of counts: limits that follow the sample size, given centers, refusals."""

import math

import numpy as np
import pytest

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.attributes import c_chart, np_chart, p_chart, u_chart
from opsroom.quality.spc.chart import Basis


def test_fractions_of_varying_samples_have_varying_limits() -> None:
    """Montgomery, chapter 7: 234 nonconforming purchase orders of 2450 in 25 weeks."""
    sizes = [
        100,
        80,
        80,
        100,
        110,
        110,
        100,
        100,
        90,
        90,
        110,
        120,
        120,
        120,
        110,
        80,
        80,
        80,
        90,
        100,
        100,
        100,
        100,
        90,
        90,
    ]
    counts = [12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9]
    chart = p_chart(counts, sizes)
    assert chart.center == pytest.approx(234 / 2450, rel=1e-14)
    assert isinstance(chart.ucl, np.ndarray)
    assert isinstance(chart.lcl, np.ndarray)
    assert (chart.lcl[0], chart.ucl[0]) == pytest.approx((0.007, 0.184), abs=5e-4)
    assert (chart.lcl[1], chart.ucl[1]) == pytest.approx((0, 0.194), abs=6e-4)
    assert [signal.index + 1 for signal in chart.signals if signal.rule == 1] == [11]


def test_numbers_of_varying_samples_have_a_varying_center() -> None:
    chart = np_chart([5, 10], [50, 100])
    assert isinstance(chart.center, np.ndarray)
    assert chart.center.tolist() == [5, 10]


def test_limits_stay_where_the_statistic_can_be() -> None:
    assert p_chart([0, 1], [5, 5]).lcl == 0
    assert p_chart([5, 4], [5, 5]).ucl == 1
    assert c_chart([1, 2]).lcl == 0


def test_defects_per_unit_weigh_by_size() -> None:
    chart = u_chart([4, 12], [2, 4])
    assert chart.center == pytest.approx(16 / 6)
    assert isinstance(chart.ucl, np.ndarray)
    assert chart.ucl[1] == pytest.approx(16 / 6 + 3 * math.sqrt(16 / 6 / 4))
    assert chart.sigma == pytest.approx(math.sqrt(16 / 6))


def test_given_centers_are_taken_as_they_are() -> None:
    assert p_chart([1], [50], Basis(center=0.1)).center == 0.1
    assert np_chart([1, 2], [50, 50], Basis(center=5)).ucl == pytest.approx(5 + 3 * math.sqrt(4.5))
    assert c_chart([1], Basis(center=4)).ucl == pytest.approx(10)
    assert u_chart([1], [4], Basis(center=4)).ucl == pytest.approx(7)


def test_without_any_defect_there_is_nothing_to_signal() -> None:
    chart = p_chart([0] * 20, [50] * 20)
    assert (chart.center, chart.lcl, chart.ucl, len(chart.signals)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("counts", "sizes", "words"),
    [
        ([1, 51], [50, 50], "sample 2: 51 nonconforming of 50"),
        ([1, 2.5], [50, 50], "number 2 is 2.5, expected a whole number"),
        ([1, -1], [50, 50], "number 2 is -1"),
        ([1, 1], [50, 0], "sizes: number 2 is 0, expected more than 0"),
        ([1, 1], [50], "2 counts came with 1 sample sizes"),
    ],
)
def test_impossible_counts_are_refused(counts: list[float], sizes: list[float], words: str) -> None:
    with pytest.raises(UnusableData, match=words):
        p_chart(counts, sizes)


def test_standards_that_contradict_counts_are_refused() -> None:
    with pytest.raises(UnusableData, match="sigma follows from the center"):
        c_chart([1, 2], Basis(sigma=1))
    with pytest.raises(UnusableData, match=r"a fraction of 1\.5"):
        p_chart([1], [2], Basis(center=1.5))
    with pytest.raises(UnusableData, match="needs equal sample sizes"):
        np_chart([1, 2], [5, 6], Basis(center=1))
    with pytest.raises(UnusableData, match="a rate of at least 0"):
        u_chart([1], [2], Basis(center=-1))
