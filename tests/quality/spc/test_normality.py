"""Anderson and Darling's test: a printed result, its invariances, and data that are plainly not normal."""

import math
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.normality import anderson_darling

# R. B. D'Agostino and M. A. Stephens, Goodness-of-Fit Techniques, chapter 4: weights of 20 leghorn chicks.
CHICKS = [156, 162, 168, 182, 186, 190, 190, 196, 202, 210, 214, 220, 226, 230, 230, 236, 236, 242, 246, 270]


def test_the_chicks_of_the_book_are_normal() -> None:
    found = anderson_darling(CHICKS)
    assert found.statistic == pytest.approx(0.214, abs=1e-3)
    assert found.adjusted == pytest.approx(found.statistic * (1 + 0.75 / 20 + 2.25 / 400), rel=1e-14)
    assert found.p_value is not None
    assert found.p_value > 0.8
    assert found.warning is None


@given(st.lists(st.integers(-1000, 1000), min_size=9, max_size=40).filter(lambda values: len(set(values)) > 3))
def test_the_statistic_is_the_integral_it_stands_for(values: list[int]) -> None:
    ordered, normal = sorted(values), NormalDist(mean(values), stdev(values))
    n = len(ordered)
    total = math.fsum(
        (2 * i + 1) * (math.log(normal.cdf(ordered[i])) + math.log(1 - normal.cdf(ordered[n - 1 - i])))
        for i in range(n)
    )
    assert anderson_darling(values).statistic == pytest.approx(-n - total / n, abs=1e-8)


def test_an_exponential_distribution_is_called_not_normal() -> None:
    skewed = [-math.log(1 - (i + 0.5) / 60) for i in range(60)]
    found = anderson_darling(skewed)
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert found.warning is not None
    assert "not normal" in found.warning


def test_the_p_value_falls_as_the_statistic_grows() -> None:
    spread = [NormalDist().inv_cdf((i + 0.5) / 50) for i in range(50)]
    p_values = [anderson_darling([*spread, *[far] * 3]).p_value for far in (2, 4, 8, 16, 100, 1e6)]
    assert all(p is not None for p in p_values)
    assert p_values == sorted(p_values, key=lambda p: -(p or 0))


def test_one_wild_value_does_not_overflow() -> None:
    found = anderson_darling(np.concatenate([np.linspace(-1, 1, 5000), [1e6]]))
    assert math.isfinite(found.statistic)
    assert found.warning is not None


def test_few_values_are_not_judged() -> None:
    found = anderson_darling([1, 2, 3, 5])
    assert found.p_value is None
    assert found.warning == "4 values are too few to judge normality; at least 8"


def test_equal_values_are_refused() -> None:
    with pytest.raises(UnusableData, match="needs variation"):
        anderson_darling([2, 2, 2])
