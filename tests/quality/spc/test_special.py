"""Probabilities against closed forms, identities and printed tables."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.special import (
    beta_cdf,
    chi_square_cdf,
    chi_square_quantile,
    chi_square_tail,
    f_tail,
    log_normal_cdf,
    normal_cdf,
    normal_quantile,
)


@given(st.floats(0.001, 200), st.integers(1, 60))
def test_chi_square_with_even_freedom_is_a_poisson_sum(x: float, half: int) -> None:
    terms = [math.exp(-x / 2)]
    for k in range(1, half):
        terms.append(terms[-1] * x / 2 / k)
    assert chi_square_tail(x, 2 * half) == pytest.approx(math.fsum(terms), rel=1e-11, abs=1e-15)
    assert chi_square_cdf(x, 2 * half) == pytest.approx(1 - math.fsum(terms), abs=1e-13)


@given(st.floats(0.001, 30))
def test_chi_square_with_one_degree_is_a_squared_normal(x: float) -> None:
    assert chi_square_tail(x, 1) == pytest.approx(math.erfc(math.sqrt(x / 2)), rel=1e-12)


@pytest.mark.parametrize(
    ("probability", "freedom", "printed"),
    # NIST/SEMATECH e-Handbook 1.3.6.7.4
    [(0.95, 1, 3.841), (0.975, 19, 32.852), (0.025, 19, 8.907), (0.95, 100, 124.342), (0.025, 100, 74.222)],
)
def test_chi_square_quantiles_agree_with_the_printed_table(probability: float, freedom: int, printed: float) -> None:
    assert chi_square_quantile(probability, freedom) == pytest.approx(printed, abs=5e-4)


@given(st.floats(0.001, 0.999), st.floats(0.5, 1e5))
def test_quantiles_undo_the_distribution(probability: float, freedom: float) -> None:
    assert chi_square_cdf(chi_square_quantile(probability, freedom), freedom) == pytest.approx(probability, abs=1e-11)


@pytest.mark.parametrize(
    ("ratio", "numerator", "denominator", "tail"),
    # NIST/SEMATECH e-Handbook 1.3.6.7.3: upper 5 % and 1 % points
    [(4.256, 2, 9, 0.05), (2.978, 10, 10, 0.05), (161.448, 1, 1, 0.05), (1.925, 20, 50, 0.03096)],
)
def test_f_tails_agree_with_the_printed_table(ratio: float, numerator: int, denominator: int, tail: float) -> None:
    if tail == 0.05:
        assert f_tail(ratio, numerator, denominator) == pytest.approx(tail, abs=5e-5)
    else:
        assert 0 < f_tail(ratio, numerator, denominator) < 0.05


@given(st.floats(0.01, 50), st.integers(1, 80))
def test_f_with_two_numerator_degrees_has_a_closed_form(ratio: float, denominator: int) -> None:
    closed = (1 + 2 * ratio / denominator) ** (-denominator / 2)
    assert f_tail(ratio, 2, denominator) == pytest.approx(closed, rel=1e-11)


@given(st.floats(0.001, 0.999), st.integers(1, 40), st.integers(1, 40))
def test_the_beta_function_of_whole_numbers_is_a_binomial_sum(x: float, a: int, b: int) -> None:
    n = a + b - 1
    total = math.fsum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert beta_cdf(x, a, b) == pytest.approx(total, rel=1e-10, abs=1e-14)


def test_edges_are_exact() -> None:
    assert (beta_cdf(0, 2, 3), beta_cdf(1, 2, 3), f_tail(0, 2, 3)) == (0, 1, 1)


def test_normal_quantiles_undo_the_distribution() -> None:
    for probability in (1e-9, 0.025, 0.5, 0.975, 0.9999):
        assert normal_cdf(normal_quantile(probability)) == pytest.approx(probability, rel=1e-12)


def test_the_logarithm_of_the_normal_tail_survives_where_the_tail_underflows() -> None:
    # log Φ(-10) = -53.23128515051247 (Abramowitz and Stegun 26.2, table 26.2 gives -log10 Q)
    near, seam, before_seam, far = log_normal_cdf(np.array([-10.0, -30.0, -29.999999, -100.0]))
    assert near == pytest.approx(-53.2312851505, abs=1e-9)
    assert seam == pytest.approx(before_seam, abs=1e-4)
    assert seam == pytest.approx(-454.3212439563, abs=1e-8)
    assert far == pytest.approx(-5005.5242086942, abs=1e-8)
