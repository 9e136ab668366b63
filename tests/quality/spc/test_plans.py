"""Sampling plans: derived, and compared with every cell of the printed tables where these are at hand."""

import csv
from pathlib import Path

import pytest

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.plans import (
    CODES,
    DIAGONALS,
    acceptable_quality_limits,
    code_letter,
    plan_for_code,
    sample_sizes,
    sampling_plan,
)


def test_every_cell_of_the_master_tables_is_derived(shared_data: Path) -> None:
    path = shared_data / "quality" / "aql_single_plans.csv"
    if not path.exists():
        pytest.skip("the sampling tables are absent")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    differences = []
    for row in rows:
        plan = plan_for_code(row["code"], float(row["aql"]), row["inspection"])
        if (plan.n, plan.ac, plan.re) != (int(row["n"]), int(row["Ac"]), int(row["Re"])):
            differences.append((row, plan))
    assert len(rows) == 16 * 26 * 3
    assert differences == []


def test_every_code_letter_of_the_lot_size_table_is_derived(shared_data: Path) -> None:
    path = shared_data / "quality" / "aql_code_letters.csv"
    if not path.exists():
        pytest.skip("the table of code letters is absent")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    differences = [
        (row["lot"], level)
        for row in rows
        for level in ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
        for lot in row["lot"].replace(",", "").removeprefix("over ").split("-")
        if code_letter(int(lot), level) != row[level]
    ]
    assert len(rows) == 15
    assert differences == []


def test_sizes_and_limits_follow_the_preferred_numbers() -> None:
    assert sample_sizes() == (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
    limits = acceptable_quality_limits()
    assert len(limits) == 26
    assert limits[:6] == (0.01, 0.015, 0.025, 0.04, 0.065, 0.1)
    assert limits[-6:] == (100, 150, 250, 400, 650, 1000)


@pytest.mark.parametrize(
    ("lot", "level", "aql", "severity", "expected"),
    [
        (1000, "II", 1.0, "normal", ("J", "J", 80, 2, 3)),
        (1000, "II", 1.0, "tightened", ("J", "J", 80, 1, 2)),
        (1000, "II", 1.0, "reduced", ("J", "J", 32, 1, 3)),
        (1000, "II", 0.25, "normal", ("J", "H", 50, 0, 1)),  # the arrow points up
        (1000, "II", 0.40, "normal", ("J", "K", 125, 1, 2)),  # the arrow points down
        (600_000, "III", 0.025, "tightened", ("R", "S", 3150, 1, 2)),  # the one use of letter S
        (5, "II", 10, "tightened", ("A", "D", 8, 1, 2)),  # no plan accepts nothing above AQL 6.5
        (5, "II", 40, "reduced", ("A", "A", 2, 2, 3)),  # two units cannot become fewer
    ],
)
def test_plans_known_from_the_tables(
    lot: int, level: str, aql: float, severity: str, expected: tuple[str, str, int, int, int]
) -> None:
    plan = sampling_plan(lot, level, aql, severity)
    assert (plan.code, plan.plan_code, plan.n, plan.ac, plan.re) == expected


def test_only_one_cell_leaves_the_rule_of_diagonals() -> None:
    """Where the diagonal rule has a plan that accepts nothing, the table has it too, but for A at 10 tightened."""
    left = [
        (code, limit, severity)
        for severity, layout in DIAGONALS.items()
        for row, code in enumerate(CODES[:-1])
        for column, limit in enumerate(acceptable_quality_limits())
        if row + column == layout.zero and plan_for_code(code, limit, severity).ac != 0
    ]
    assert left == [("A", 10.0, "tightened")]


def test_tightened_inspection_never_accepts_more_than_normal_with_the_same_sample() -> None:
    for code in CODES[:-1]:
        for limit in acceptable_quality_limits():
            normal, tightened = plan_for_code(code, limit), plan_for_code(code, limit, "tightened")
            assert tightened.n > normal.n or tightened.ac <= normal.ac


@pytest.mark.parametrize(
    ("lot", "level", "aql", "severity", "words"),
    [
        (1, "II", 1.0, "normal", "at least 2 units"),
        (100, "IV", 1.0, "normal", "inspection level 'IV'"),
        (100, "II", 1.1, "normal", "AQL 1.1; expected one of 0.01"),
        (100, "II", 1.0, "lenient", "severity 'lenient'"),
    ],
)
def test_what_the_tables_lack_is_refused(lot: int, level: str, aql: float, severity: str, words: str) -> None:
    with pytest.raises(UnusableData, match=words):
        sampling_plan(lot, level, aql, severity)


def test_levels_may_be_written_without_the_dash() -> None:
    assert code_letter(1000, "s3") == code_letter(1000, "S-3") == "E"


def test_code_letter_s_is_not_for_lots() -> None:
    with pytest.raises(UnusableData, match="code letter 'S'"):
        plan_for_code("S", 0.025, "tightened")
