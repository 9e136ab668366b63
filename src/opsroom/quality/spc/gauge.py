"""Gauge repeatability and reproducibility, crossed study: every operator measures every part equally often.

AIAG, Measurement Systems Analysis, 4th edition (2010): analysis of variance (appendix A) and average and range method
(chapter III, B). Percentages of study variation and of tolerance use 6 standard deviations.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from .anova import Crossed, Source, pooled, tested, two_way_crossed
from .arrays import Floats, UnusableData, finite
from .constants import d2, d2_star
from .subgroups import codes_of, mean

STUDY_WIDTH = 6.0
MANY_RANGES = 15
"""From more ranges than this, AIAG divides their mean by d2 and not by d2*."""
DISTINCT = 1.41
"""AIAG's factor for the number of distinct categories, printed as 1.41 and not as √2."""


@dataclass(frozen=True)
class GaugeStudy:
    """`variances` by source: total_grr, repeatability, reproducibility, operator, interaction, part, total.

    `grr_percent` is the share of the study variation; `categories` the number of distinct categories, cut off.
    The tables of the analysis of variance are absent for the range method.
    """

    method: str
    variances: dict[str, float]
    categories: int
    tolerance: float | None = None
    anova: dict[str, Source] | None = None
    anova_pooled: dict[str, Source] | None = None

    @property
    def contribution(self) -> dict[str, float]:
        """Percent of the total variance."""
        return {name: 100 * value / self.variances["total"] for name, value in self.variances.items()}

    @property
    def study_variation(self) -> dict[str, float]:
        """Percent of the total standard deviation; these do not add up to 100."""
        return {name: 100 * math.sqrt(value / self.variances["total"]) for name, value in self.variances.items()}

    @property
    def of_tolerance(self) -> dict[str, float] | None:
        """Percent of the tolerance that six standard deviations take."""
        if self.tolerance is None:
            return None
        width = self.tolerance
        return {name: 100 * STUDY_WIDTH * math.sqrt(value) / width for name, value in self.variances.items()}

    @property
    def grr_percent(self) -> float:
        return self.study_variation["total_grr"]

    def document(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "method": self.method,
            "variance_components": self.variances,
            "pct_contribution": self.contribution,
            "pct_study_var": self.study_variation,
            "pct_tolerance": self.of_tolerance,
            "grr_percent": self.grr_percent,
            "ndc": self.categories,
            "anova": _rows(self.anova),
            "anova_pooled": _rows(self.anova_pooled),
        }


def gauge_cells(parts: Sequence[Hashable], operators: Sequence[Hashable], values: ArrayLike) -> Floats:
    """Measurements as (part, operator, trial), trials in the order given; refuses studies that are not balanced."""
    measured = finite(values, "measurements")
    if not len(parts) == len(operators) == measured.size:
        raise UnusableData("parts, operators and measurements differ in number")
    part, operator = codes_of(parts), codes_of(operators)
    part_names, operator_names = list(dict.fromkeys(parts)), list(dict.fromkeys(operators))
    cell = part * len(operator_names) + operator
    counts = np.bincount(cell, minlength=len(part_names) * len(operator_names))
    usual = int(np.bincount(counts).argmax())
    odd = np.flatnonzero(counts != usual)
    if odd.size:
        which_part, which_operator = divmod(int(odd[0]), len(operator_names))
        raise UnusableData(
            f"part {part_names[which_part]!s}, operator {operator_names[which_operator]!s}: {counts[odd[0]]} "
            f"measurements, expected {usual} as in the other cells (a crossed study is balanced)"
        )
    if min(len(part_names), len(operator_names), usual) < 2:
        raise UnusableData(
            f"{len(part_names)} parts, {len(operator_names)} operators and {usual} trials; expected at least 2 of each"
        )
    return measured[np.argsort(cell, kind="stable")].reshape(len(part_names), len(operator_names), usual)


def gauge_anova(cells: Floats, *, tolerance: float | None = None, pooling_alpha: float = 0.25) -> GaugeStudy:
    """Variance components by analysis of variance.

    The interaction is kept where its p is at most `pooling_alpha` and otherwise pooled with repeatability (AIAG
    pools at 0.25; 1 always keeps it). Negative components count as 0.
    """
    if not 0 <= pooling_alpha <= 1:
        raise UnusableData(f"the level for pooling is {pooling_alpha:g}, expected 0 to 1")
    full = two_way_crossed(cells)
    p = full.interaction.p
    keep = p <= pooling_alpha if p is not None else full.interaction.ms > 0
    error = full.repetition if keep else pooled(full.interaction, full.repetition)
    against = full.interaction if keep else error
    parts, operators, trials = cells.shape
    interaction = max(0.0, (against.ms - error.ms) / trials)
    operator = max(0.0, (full.second.ms - against.ms) / (parts * trials))
    part = max(0.0, (full.first.ms - against.ms) / (operators * trials))
    table = _table(full)
    reduced = None
    if not keep:
        reduced = {
            "part": tested(full.first, error),
            "operator": tested(full.second, error),
            "repeatability": error,
            "total": full.total,
        }
    variances = _components(error.ms, operator, interaction, part)
    return _study("anova", variances, tolerance, table, reduced)


def gauge_range(cells: Floats, *, tolerance: float | None = None) -> GaugeStudy:
    """Components by averages and ranges: EV = R̄/d2, AV from the range of operator means, PV from that of part means.

    K1 = 1/d2(trials), K2 = 1/d2*(operators), K3 = 1/d2*(parts) are computed, not AIAG's rounded ones.
    """
    parts, operators, trials = cells.shape
    ranges = np.ptp(cells, axis=2).ravel()
    divisor = d2(trials) if ranges.size > MANY_RANGES else d2_star(trials, ranges.size)
    repeatability = mean(ranges) / divisor
    between_operators = float(np.ptp(cells.mean(axis=(0, 2)))) / d2_star(operators, 1)
    operator = max(0.0, between_operators**2 - repeatability**2 / (parts * trials))
    part = (float(np.ptp(cells.mean(axis=(1, 2)))) / d2_star(parts, 1)) ** 2
    return _study("range", _components(repeatability**2, operator, 0.0, part), tolerance)


def _components(repeatability: float, operator: float, interaction: float, part: float) -> dict[str, float]:
    reproducibility = operator + interaction
    total_grr = repeatability + reproducibility
    return {
        "total_grr": total_grr,
        "repeatability": repeatability,
        "reproducibility": reproducibility,
        "operator": operator,
        "interaction": interaction,
        "part": part,
        "total": total_grr + part,
    }


def _study(
    method: str,
    variances: dict[str, float],
    tolerance: float | None,
    table: dict[str, Source] | None = None,
    reduced: dict[str, Source] | None = None,
) -> GaugeStudy:
    if tolerance is not None and not (math.isfinite(tolerance) and tolerance > 0):
        raise UnusableData(f"the tolerance is {tolerance:g}, expected a width above 0")
    if variances["total_grr"] == 0:
        raise UnusableData("every repetition gives the same value; the gauge shows no variation to judge")
    ratio = math.sqrt(variances["part"] / variances["total_grr"])
    return GaugeStudy(method, variances, int(DISTINCT * ratio), tolerance, table, reduced)


def _rows(table: dict[str, Source] | None) -> dict[str, dict[str, float]] | None:
    return None if table is None else {name: asdict(source) for name, source in table.items()}


def _table(full: Crossed) -> dict[str, Source]:
    return {
        "part": full.first,
        "operator": full.second,
        "interaction": full.interaction,
        "repeatability": full.repetition,
        "total": full.total,
    }
