"""Analysis of variance on numbers small enough to follow by hand."""

import numpy as np
import pytest

from opsroom.quality.spc.anova import one_way, two_way_crossed
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.subgroups import Subgroups


def test_between_and_within_by_hand() -> None:
    between, within = one_way(Subgroups.from_rows([[1, 2, 3], [3, 4, 5]]))
    assert (between.df, between.ss, within.df, within.ss) == (1, 6, 4, 4)
    assert between.f == 6
    assert between.p == pytest.approx(0.0705, abs=1e-4)


def test_a_large_level_costs_no_digits() -> None:
    near, _ = one_way(Subgroups.from_rows([[1, 2, 3], [3, 4, 5]]))
    far, _ = one_way(Subgroups.from_rows([[1e9 + 1, 1e9 + 2, 1e9 + 3], [1e9 + 3, 1e9 + 4, 1e9 + 5]]))
    assert far == near


def test_crossed_sums_add_up_to_the_total() -> None:
    cells = np.array([[[1.0, 2.0], [2.0, 5.0]], [[4.0, 4.0], [7.0, 9.0]], [[0.0, 1.0], [3.0, 3.0]]])
    found = two_way_crossed(cells)
    parts = (found.first, found.second, found.interaction, found.repetition)
    assert sum(part.ss for part in parts) == pytest.approx(found.total.ss)
    assert [part.df for part in parts] == [2, 1, 2, 6]
    assert found.repetition.ss == pytest.approx(0.5 + 4.5 + 0 + 2 + 0.5 + 0)


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(UnusableData, match="at least 2 groups"):
        one_way(Subgroups.from_rows([[1, 2, 3]]))
    with pytest.raises(UnusableData, match="at least 2 levels"):
        two_way_crossed(np.zeros((1, 2, 2)))


def test_without_repetition_error_there_is_no_test() -> None:
    found = two_way_crossed(np.array([[[1.0, 1.0], [2.0, 2.0]], [[3.0, 3.0], [5.0, 5.0]]]))
    assert found.interaction.f is None
