"""Gauge studies against the worked example of AIAG, Measurement Systems Analysis (4th edition, chapter III B)."""

import math

import numpy as np
import pytest

from opsroom.quality.spc.arrays import Floats, UnusableData
from opsroom.quality.spc.gauge import gauge_anova, gauge_cells, gauge_range

AIAG = """
 0.29 -0.56 1.34 0.47 -0.80  0.02 0.59 -0.31 2.26 -1.36
 0.41 -0.68 1.17 0.50 -0.92 -0.11 0.75 -0.20 1.99 -1.25
 0.64 -0.58 1.27 0.64 -0.84 -0.21 0.66 -0.17 2.01 -1.31
 0.08 -0.47 1.19 0.01 -0.56 -0.20 0.47 -0.63 1.80 -1.68
 0.25 -1.22 0.94 1.03 -1.20  0.22 0.55  0.08 2.12 -1.62
 0.07 -0.68 1.34 0.20 -1.28  0.06 0.83 -0.34 2.19 -1.50
 0.04 -1.38 0.88 0.14 -1.46 -0.29 0.02 -0.46 1.77 -1.49
-0.11 -1.13 1.09 0.20 -1.07 -0.67 0.01 -0.56 1.45 -1.77
-0.15 -0.96 0.67 0.11 -1.45 -0.49 0.21 -0.49 1.87 -2.16
"""


@pytest.fixture
def aiag() -> Floats:
    by_operator = np.array([float(word) for word in AIAG.split()]).reshape(3, 3, 10)
    return by_operator.transpose(2, 0, 1)


def deviations(variances: dict[str, float], *names: str) -> list[float]:
    return [math.sqrt(variances[name]) for name in names]


def test_analysis_of_variance_of_the_manual(aiag: Floats) -> None:
    study = gauge_anova(aiag)
    assert deviations(study.variances, "repeatability", "operator", "total_grr", "part") == pytest.approx(
        [0.199933, 0.226838, 0.302373, 1.042327], abs=2e-6
    )
    assert study.variances["interaction"] == 0
    assert study.grr_percent == pytest.approx(27.9, abs=0.05)
    assert study.categories == 4
    assert study.anova is not None
    table = study.anova
    assert [table[name].ss for name in ("part", "operator", "interaction", "repeatability", "total")] == pytest.approx(
        [88.3619, 3.1673, 0.3590, 2.7589, 94.6471], abs=1e-4
    )
    assert (table["interaction"].f, table["interaction"].p) == pytest.approx((0.434, 0.974), abs=5e-4)


def test_averages_and_ranges_of_the_manual(aiag: Floats) -> None:
    study = gauge_range(aiag)
    assert deviations(study.variances, "repeatability", "operator", "total_grr", "part", "total") == pytest.approx(
        [0.20188, 0.22963, 0.30575, 1.10456, 1.14610], abs=2e-4
    )
    percent = study.study_variation
    assert [percent[name] for name in ("repeatability", "operator", "total_grr", "part")] == pytest.approx(
        [17.62, 20.04, 26.68, 96.37], abs=1e-2
    )
    assert study.categories == 5


def test_an_interaction_that_matters_is_kept(aiag: Floats) -> None:
    kept = gauge_anova(aiag, pooling_alpha=1)
    assert kept.anova_pooled is None
    assert kept.variances["repeatability"] == pytest.approx(2.7589333 / 60, rel=1e-6)
    strange = aiag.copy()
    strange[0, 0, :] += 3
    study = gauge_anova(strange)
    assert study.anova_pooled is None
    assert study.variances["interaction"] > 0
    assert study.variances["reproducibility"] == study.variances["operator"] + study.variances["interaction"]


def test_contributions_add_up_and_tolerance_counts_six_deviations(aiag: Floats) -> None:
    study = gauge_anova(aiag, tolerance=4)
    share = study.contribution
    assert share["total_grr"] + share["part"] == pytest.approx(100)
    assert study.of_tolerance is not None
    assert study.of_tolerance["total_grr"] == pytest.approx(100 * 6 * 0.302373 / 4, abs=1e-3)


def test_labels_make_cells_in_the_order_of_appearance() -> None:
    cells = gauge_cells(["b", "b", "a", "a"] * 2, ["x", "y"] * 4, [1, 2, 3, 4, 5, 6, 7, 8])
    assert cells.tolist() == [[[1, 5], [2, 6]], [[3, 7], [4, 8]]]


def test_a_study_with_a_hole_names_the_cell() -> None:
    parts, operators = ["a", "a", "b", "b"] * 2, ["x", "y", "x", "y"] * 2
    with pytest.raises(UnusableData, match="part b, operator y: 1 measurements, expected 2"):
        gauge_cells(parts[:-1], operators[:-1], list(range(7)))


def test_a_study_without_repetition_is_refused() -> None:
    with pytest.raises(UnusableData, match="2 parts, 1 operators and 2 trials"):
        gauge_cells(["a", "b"] * 2, ["x"] * 4, [1, 2, 3, 4])


def test_a_gauge_that_always_shows_the_same_is_not_judged() -> None:
    with pytest.raises(UnusableData, match="every repetition gives the same value"):
        gauge_range(np.broadcast_to(np.array([1.0, 2.0])[:, None, None], (2, 2, 2)))


def test_a_tolerance_must_have_a_width(aiag: Floats) -> None:
    with pytest.raises(UnusableData, match="the tolerance is 0"):
        gauge_anova(aiag, tolerance=0)
    with pytest.raises(UnusableData, match="the level for pooling is nan"):
        gauge_anova(aiag, pooling_alpha=math.nan)
