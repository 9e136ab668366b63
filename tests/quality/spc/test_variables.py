"""Charts of measurements against R qcc and against hand work.

The piston rings are Montgomery's table 6.3; qcc's results for them are those its own tests print.
"""

import math
from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.arrays import Line, UnusableData
from opsroom.quality.spc.chart import Basis
from opsroom.quality.spc.constants import c4, d2
from opsroom.quality.spc.subgroups import Subgroups
from opsroom.quality.spc.variables import deviation_chart, individuals, range_chart, xbar_r, xbar_s

PISTON_RINGS = """
74.030 74.002 74.019 73.992 74.008  73.995 73.992 74.001 74.011 74.004  73.988 74.024 74.021 74.005 74.002
74.002 73.996 73.993 74.015 74.009  73.992 74.007 74.015 73.989 74.014  74.009 73.994 73.997 73.985 73.993
73.995 74.006 73.994 74.000 74.005  73.985 74.003 73.993 74.015 73.988  74.008 73.995 74.009 74.005 74.004
73.998 74.000 73.990 74.007 73.995  73.994 73.998 73.994 73.995 73.990  74.004 74.000 74.007 74.000 73.996
73.983 74.002 73.998 73.997 74.012  74.006 73.967 73.994 74.000 73.984  74.012 74.014 73.998 73.999 74.007
74.000 73.984 74.005 73.998 73.996  73.994 74.012 73.986 74.005 74.007  74.006 74.010 74.018 74.003 74.000
73.984 74.002 74.003 74.005 73.997  74.000 74.010 74.013 74.020 74.003  73.988 74.001 74.009 74.005 73.996
74.004 73.999 73.990 74.006 74.009  74.010 73.989 73.990 74.009 74.014  74.015 74.008 73.993 74.000 74.010
73.982 73.984 73.995 74.017 74.013
"""
RINGS = [float(word) for word in PISTON_RINGS.split()]
SAMPLES = [number // 5 for number in range(len(RINGS))]
LEFT_OUT = {9, 10, 30, 35, 45, 64, 65, 74, 75, 85, 99, 100}

VISCOSITY = [
    33.75, 33.05, 34.00, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.20, 33.62, 33.00, 33.54, 33.12, 33.84,
]  # fmt: skip


@pytest.fixture
def rings() -> Subgroups:
    return Subgroups.from_labels(RINGS, SAMPLES)


@pytest.fixture
def uneven_rings() -> Subgroups:
    kept = [
        (ring, sample) for at, (ring, sample) in enumerate(zip(RINGS, SAMPLES, strict=True), 1) if at not in LEFT_OUT
    ]
    return Subgroups.from_labels([ring for ring, _ in kept], [sample for _, sample in kept])


def rounded(sigma: Line, size: int) -> float:
    """Sigma as those see it who divide by d2 in three decimals, as qcc and most tables do."""
    assert isinstance(sigma, float)
    return sigma * d2(size) / round(d2(size), 3)


def test_means_and_ranges_of_the_piston_rings(rings: Subgroups) -> None:
    chart = xbar_r(rings)
    assert (chart.center, chart.lcl, chart.ucl) == pytest.approx((74.00118, 73.98805, 74.0143), abs=5e-6)
    assert rounded(chart.sigma, 5) == pytest.approx(0.009785039, abs=5e-10)
    assert chart.dispersion is not None
    assert (chart.dispersion.center, chart.dispersion.lcl, chart.dispersion.ucl) == pytest.approx(
        (0.02276, 0, 0.04812533), abs=1e-6
    )
    assert len(chart.signals) == 0


def test_means_and_deviations_of_the_piston_rings(rings: Subgroups) -> None:
    chart = xbar_s(rings)
    assert chart.sigma == pytest.approx(0.009829977, abs=5e-10)
    assert chart.dispersion is not None
    assert (chart.dispersion.center, chart.dispersion.ucl) == pytest.approx((0.009240037, 0.019302416), abs=5e-9)


def test_limits_follow_subgroups_of_varying_size(uneven_rings: Subgroups) -> None:
    chart = xbar_r(uneven_rings)
    assert chart.center == pytest.approx(74.00075, abs=5e-6)
    # The same with qcc's constants 1.693, 2.059 and 2.326 is 0.009856701.
    assert chart.sigma == pytest.approx(0.009856701, rel=1e-4)
    assert isinstance(chart.lcl, np.ndarray)
    assert isinstance(chart.ucl, np.ndarray)
    assert chart.lcl[:3] == pytest.approx([73.98753, 73.98368, 73.98753], abs=1e-5)
    assert chart.ucl[:3] == pytest.approx([74.01398, 74.01782, 74.01398], abs=1e-5)


def test_varying_deviations_are_pooled_as_in_montgomery(uneven_rings: Subgroups) -> None:
    chart = xbar_s(uneven_rings)
    rows = np.split(uneven_rings.values, np.cumsum(uneven_rings.sizes)[:-1])
    squares = sum((len(row) - 1) * stdev(row.tolist()) ** 2 for row in rows)
    pooled = math.sqrt(squares / sum(len(row) - 1 for row in rows))
    assert chart.dispersion is not None
    assert chart.dispersion.center == pytest.approx(pooled, rel=1e-12)
    assert isinstance(chart.ucl, np.ndarray)
    a3 = 3 / (c4(3) * math.sqrt(3))
    assert chart.ucl[1] == pytest.approx(mean(uneven_rings.values.tolist()) + a3 * pooled, rel=1e-12)


def test_a_chart_of_ranges_alone_is_the_lower_half_of_the_pair(rings: Subgroups) -> None:
    pair, alone = xbar_r(rings).dispersion, range_chart(rings)
    assert pair is not None
    assert pair.document() == alone.document()


def test_individual_viscosities_agree_with_montgomery() -> None:
    chart = individuals(VISCOSITY)
    assert (chart.center, chart.lcl, chart.ucl) == pytest.approx((33.52333, 32.24484, 34.80183), abs=5e-4)
    assert rounded(chart.sigma, 2) == pytest.approx(0.4261651, abs=5e-8)
    assert chart.dispersion is not None
    assert chart.dispersion.points.size == len(VISCOSITY) - 1


def test_given_limits_need_no_estimate(rings: Subgroups) -> None:
    chart = xbar_r(rings, Basis(center=74, sigma=0.01))
    assert (chart.lcl, chart.ucl) == pytest.approx((74 - 0.03 / math.sqrt(5), 74 + 0.03 / math.sqrt(5)), rel=1e-14)
    assert chart.dispersion is not None
    assert chart.dispersion.center == pytest.approx(0.01 * d2(5))


def test_a_given_center_of_a_spread_chart_stands_for_its_mean(rings: Subgroups) -> None:
    ranges, deviations = range_chart(rings, Basis(center=0.02)), deviation_chart(rings, Basis(center=0.01))
    assert (ranges.center, ranges.sigma) == pytest.approx((0.02, 0.02 / d2(5)))
    assert (deviations.center, deviations.sigma) == pytest.approx((0.01, 0.01 / c4(5)))


def test_only_phase_1_sets_the_limits(rings: Subgroups) -> None:
    first = np.arange(25) < 10
    chart, alone = xbar_r(rings, Basis(phase1=first)), xbar_r(Subgroups.from_labels(RINGS[:50], SAMPLES[:50]))
    assert (chart.center, chart.lcl, chart.sigma) == pytest.approx((alone.center, alone.lcl, alone.sigma), rel=1e-14)
    assert chart.points.size == 25


def test_moving_ranges_of_phase_1_take_neighbours_that_both_belong_to_it() -> None:
    chart = individuals([1, 2, 10, 3, 5], Basis(phase1=np.array([True, True, False, True, True])))
    assert chart.sigma == pytest.approx((1 + 2) / 2 / d2(2))
    assert chart.center == pytest.approx((1 + 2 + 3 + 5) / 4)


@given(st.lists(st.lists(st.integers(-500, 500), min_size=2, max_size=6), min_size=1, max_size=12))
def test_subgroup_statistics_agree_with_the_plain_definition(rows: list[list[int]]) -> None:
    groups = Subgroups.from_rows(rows)
    assert groups.means == pytest.approx([mean(row) for row in rows], abs=1e-9)
    assert groups.ranges.tolist() == [max(row) - min(row) for row in rows]
    assert groups.deviations == pytest.approx([stdev(row) for row in rows], abs=1e-9)


def test_subgroups_keep_the_order_of_their_first_value() -> None:
    groups = Subgroups.from_labels([1, 10, 2, 20, 3], ["b", "a", "b", "a", "b"])
    assert groups.values.tolist() == [1, 2, 3, 10, 20]
    assert groups.sizes.tolist() == [3, 2]


def test_the_same_input_gives_the_same_document(rings: Subgroups) -> None:
    assert xbar_r(rings).document() == xbar_r(Subgroups.from_labels(RINGS, SAMPLES)).document()


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([[1.0, 2.0], [3.0]], "subgroup 2 holds one measurement"),
        ([[1.0, math.nan]], "subgroup 1: number 2 is nan"),
        ([[1.0], []], "subgroup 2: expected a list of at least one number"),
    ],
)
def test_subgroups_without_spread_or_numbers_are_refused(groups: list[list[float]], words: str) -> None:
    with pytest.raises(UnusableData, match=words):
        xbar_r(Subgroups.from_rows(groups))


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (lambda: Basis(sigma=0), "sigma must be a positive number"),
        (lambda: Basis(center=math.inf), "center must be a finite number"),
    ],
)
def test_impossible_standards_are_refused(basis: object, words: str) -> None:
    assert callable(basis)
    with pytest.raises(UnusableData, match=words):
        basis()


def test_an_empty_or_misfitting_phase_1_is_refused() -> None:
    with pytest.raises(UnusableData, match="holds no point"):
        individuals([1, 2, 3], Basis(phase1=np.zeros(3, dtype=bool)))
    with pytest.raises(UnusableData, match="marks 2 points, the chart has 3"):
        individuals([1, 2, 3], Basis(phase1=np.ones(2, dtype=bool)))
    with pytest.raises(UnusableData, match="follow each other"):
        individuals([1, 2, 3], Basis(phase1=np.array([True, False, True])))
