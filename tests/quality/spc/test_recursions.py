"""Block-wise recursions against the plain loop, across the seams of blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.spc.recursions import positive_sums, smoothed

lengths = st.sampled_from([1, 2, 31, 32, 33, 511, 512, 513, 1500])


@given(lengths, st.integers(0, 2**32), st.floats(0.01, 1), st.floats(-5, 5))
def test_smoothing_is_the_loop_it_replaces(length: int, seed: int, weight: float, start: float) -> None:
    values = np.random.default_rng(seed).normal(0, 3, length)
    slow, before = [], start
    for value in values.tolist():
        before = weight * value + (1 - weight) * before
        slow.append(before)
    assert smoothed(values, start, weight) == pytest.approx(slow, abs=1e-12)


@given(lengths, st.integers(0, 2**32), st.sampled_from([-1.0, -0.2, 0.0, 0.3]))
def test_sums_are_the_loop_they_replace(length: int, seed: int, drift: float) -> None:
    gains = np.random.default_rng(seed).normal(drift, 1, length)
    slow, before = [], 0.0
    for gain in gains.tolist():
        before = max(0.0, before + gain)
        slow.append(before)
    found = positive_sums(gains)
    assert found == pytest.approx(slow, abs=1e-10)
    assert [value == 0 for value in slow] == (found == 0).tolist()


def test_a_weight_of_one_is_no_smoothing() -> None:
    assert smoothed(np.arange(100.0), 7.0, 1.0).tolist() == list(range(100))
