"""Operating characteristics: ends, order, and the values printed for known plans."""

from itertools import pairwise

import pytest

from opsroom.quality.spc.acceptance import acceptance_chances, operating_characteristic
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.plans import sampling_plan


def test_the_curve_of_montgomerys_plan() -> None:
    """Montgomery, table 15.2: n = 89, c = 2, binomial."""
    printed = {0.005: 0.9897, 0.01: 0.9397, 0.02: 0.7366, 0.03: 0.4985, 0.05: 0.1721}
    for p, chance in printed.items():
        point = acceptance_chances(10_000, 89, 2, round(p * 10_000))
        assert point.binomial == pytest.approx(chance, abs=1.5e-4)


def test_curves_fall_from_certainty_to_next_to_nothing() -> None:
    for lot in (20, 1000, 500_000):
        for aql in (0.1, 1.0, 10.0):
            curve = operating_characteristic(lot, sampling_plan(lot, "II", aql))
            assert (curve[0].p, curve[0].hypergeometric, curve[0].binomial, curve[0].poisson) == (0, 1, 1, 1)
            assert len(curve) <= 52
            for chances in ([point.hypergeometric for point in curve], [point.binomial for point in curve]):
                assert all(later <= before + 1e-12 for before, later in pairwise(chances))
            assert curve[-1].hypergeometric < 0.001 or curve[-1].nonconforming == lot


def test_inspecting_every_unit_leaves_no_doubt() -> None:
    curve = operating_characteristic(5, sampling_plan(5, "II", 0.01))
    assert [point.hypergeometric for point in curve] == [1] + [0] * (len(curve) - 1)


def test_reduced_inspection_accepts_between_its_numbers() -> None:
    plan = sampling_plan(1000, "II", 1.0, "reduced")
    assert (plan.ac, plan.re) == (1, 3)
    curve = operating_characteristic(1000, plan)
    point = curve[5]
    assert point == acceptance_chances(1000, 32, 2, point.nonconforming)


def test_impossible_lots_are_refused() -> None:
    with pytest.raises(UnusableData, match="11 nonconforming in a lot of 10"):
        acceptance_chances(10, 5, 1, 11)
