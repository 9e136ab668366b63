"""Sampling probabilities against exact rational arithmetic."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.discrete import binomial_cdf, hypergeometric_cdf, poisson_cdf


def exact_binomial(x: int, n: int, p: float) -> float:
    chance = Fraction(p)
    return float(sum(math.comb(n, k) * chance**k * (1 - chance) ** (n - k) for k in range(min(x, n) + 1)))


def exact_hypergeometric(x: int, sample: int, marked: int, lot: int) -> float:
    ways = sum(math.comb(marked, k) * math.comb(lot - marked, sample - k) for k in range(min(x, sample) + 1))
    return float(Fraction(ways, math.comb(lot, sample)))


@given(st.integers(0, 44), st.integers(1, 400), st.integers(0, 256).map(lambda number: number / 256))
def test_binomial_sums_are_exact(x: int, n: int, p: float) -> None:
    assert binomial_cdf(x, n, p) == pytest.approx(exact_binomial(x, n, p), abs=1e-13)


@pytest.mark.parametrize(("x", "n", "p"), [(21, 1250, 0.015625), (44, 2000, 0.03125), (1, 3150, 0.0009765625)])
def test_binomial_sums_of_the_largest_plans_are_exact(x: int, n: int, p: float) -> None:
    assert binomial_cdf(x, n, p) == pytest.approx(exact_binomial(x, n, p), rel=1e-12)


@given(st.data())
def test_hypergeometric_sums_are_exact(data: st.DataObject) -> None:
    lot = data.draw(st.integers(1, 500))
    sample, marked = data.draw(st.integers(1, lot)), data.draw(st.integers(0, lot))
    x = data.draw(st.integers(0, 44))
    assert hypergeometric_cdf(x, sample, marked, lot) == pytest.approx(
        exact_hypergeometric(x, sample, marked, lot), abs=1e-12
    )


def test_hypergeometric_sums_of_large_lots_are_exact() -> None:
    found = hypergeometric_cdf(21, 2000, 6000, 500_001)
    assert found == pytest.approx(exact_hypergeometric(21, 2000, 6000, 500_001), rel=1e-12)


def test_a_large_lot_is_a_process() -> None:
    assert hypergeometric_cdf(2, 80, 10**7, 10**9) == pytest.approx(binomial_cdf(2, 80, 0.01), abs=1e-7)


def test_poisson_sums_agree_with_their_terms() -> None:
    terms = math.fsum(math.exp(-3.5) * 3.5**k / math.factorial(k) for k in range(6))
    assert poisson_cdf(5, 3.5) == pytest.approx(terms, rel=1e-14)
    assert poisson_cdf(0, 0.0) == 1
