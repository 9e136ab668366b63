"""Wilson's interval against published figures and its own definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.dispatch.planning.confidence import Z_95, Agreement, calibrated, wilson


def test_ten_of_ten_is_not_certainty() -> None:
    # The lower end for n of n is n / (n + z²).
    assert list(wilson(10, 10)) == pytest.approx([10 / (10 + Z_95**2), 1.0])


def test_the_interval_for_15_of_148_is_the_one_newcombe_published() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263 gives 0.2553 to 0.3662.
    assert list(wilson(81, 263)) == pytest.approx([0.2553, 0.3662], abs=5e-5)
    assert list(wilson(15, 148)) == pytest.approx([0.0624, 0.1605], abs=5e-5)


@given(trials=st.integers(1, 500), data=st.data())
def test_its_ends_solve_the_equation_that_defines_it(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    share = successes / trials
    low, high = wilson(successes, trials)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    for end in (low, high):
        if 1e-12 < end < 1 - 1e-12:
            distance = abs(share - end)
            assert distance == pytest.approx(Z_95 * math.sqrt(end * (1 - end) / trials), abs=1e-9)


def test_without_samples_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_confidence_is_that_of_the_winning_side_whichever_was_done() -> None:
    keep = Agreement("a", dispatched=2, samples=10, sent=True)
    assert (keep.share, keep.winning, keep.confidence) == (0.2, 8, calibrated(8, 10))
    assert keep.interval == wilson(8, 10)


@given(samples=st.integers(1, 100))
def test_a_clearer_vote_is_never_less_confident(samples: int) -> None:
    found = [calibrated(winning, samples) for winning in range(-(-samples // 2), samples + 1)]
    assert found == sorted(found)
    assert 0.5 <= found[0] <= found[-1] < 1
