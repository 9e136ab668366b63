"""Constants against closed forms and against values in print."""

import math

import pytest

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.constants import c4, d2, d2_star, d3

ROOT_PI = math.sqrt(math.pi)
THREE = math.sqrt(3)


def test_ranges_of_two_and_three_have_closed_forms() -> None:
    assert d2(2) == pytest.approx(2 / ROOT_PI, rel=1e-12)
    assert d3(2) == pytest.approx(math.sqrt(2 - 4 / math.pi), rel=1e-12)
    assert d2(3) == pytest.approx(3 / ROOT_PI, rel=1e-12)
    assert d3(3) == pytest.approx(math.sqrt(2 + (3 * THREE - 9) / math.pi), rel=1e-12)


def test_the_mean_range_of_four_has_a_closed_form() -> None:
    largest_of_four = 3 / (2 * ROOT_PI) * (1 + 2 / math.pi * math.asin(1 / 3))
    assert d2(4) == pytest.approx(2 * largest_of_four, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "mean", "deviation"),
    # Ten digits, as statistical programs print Harter's values (Annals of Mathematical Statistics 31, 1960).
    [
        (4, 2.058750746, 0.8798082028),
        (5, 2.325928947, 0.8640819411),
        (7, 2.704356751, 0.8332053356),
        (10, 3.077505462, 0.7970506735),
        (12, 3.25845528, 0.7784783412),
    ],
)
def test_range_constants_agree_with_ten_printed_digits(n: int, mean: float, deviation: float) -> None:
    assert d2(n) == pytest.approx(mean, abs=1e-9)
    assert d3(n) == pytest.approx(deviation, abs=1e-10)


@pytest.mark.parametrize("n", [2, 3, 20, 100, 1000])
def test_the_mean_range_is_the_integral_of_either_tail(n: int) -> None:
    """d2 = ∫ (1 - Φⁿ - (1-Φ)ⁿ) dx (Tippett 1925), another road than by the distribution of the range."""
    step = 1 / 64
    grid = [number * step for number in range(-640, 641)]
    below = [0.5 * math.erfc(-x / math.sqrt(2)) for x in grid]
    above = [0.5 * math.erfc(x / math.sqrt(2)) for x in grid]
    integral = step * math.fsum(1 - p**n - q**n for p, q in zip(below, above, strict=True))
    assert d2(n) == pytest.approx(integral, rel=1e-11)


@pytest.mark.parametrize(
    ("n", "closed"), [(2, math.sqrt(2 / math.pi)), (3, ROOT_PI / 2), (5, 3 * ROOT_PI / (4 * math.sqrt(2)))]
)
def test_c4_has_closed_forms(n: int, closed: float) -> None:
    assert c4(n) == pytest.approx(closed, rel=1e-14)


@pytest.mark.parametrize("n", [2, 5, 50, 98, 99, 100, 101, 1000, 10**7])
def test_neighbouring_c4_multiply_to_a_root(n: int) -> None:
    """c4(n) c4(n+1) = √((n-1)/n) joins the log-gamma below 100 to the series above."""
    assert c4(n) * c4(n + 1) == pytest.approx(math.sqrt((n - 1) / n), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "groups", "factor"),
    [(2, 1, 0.7071), (3, 1, 0.5231), (10, 1, 0.3146), (5, 1, 0.4030), (4, 1, 0.4467)],
)
def test_d2_star_gives_the_factors_of_the_aiag_manual(n: int, groups: int, factor: float) -> None:
    assert 1 / d2_star(n, groups) == pytest.approx(factor, abs=5e-5)


def test_one_value_has_no_spread() -> None:
    for constant in (c4, d2, d3):
        with pytest.raises(UnusableData, match="a subgroup of 1 has no spread"):
            constant(1)
