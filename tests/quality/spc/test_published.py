"""Published worked examples that lie beside a checkout, to the digits they are printed with."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from opsroom.quality.spc.anova import one_way
from opsroom.quality.spc.attributes import c_chart, np_chart, p_chart, u_chart
from opsroom.quality.spc.chart import Basis, Chart
from opsroom.quality.spc.gauge import gauge_anova, gauge_cells
from opsroom.quality.spc.plans import sampling_plan
from opsroom.quality.spc.rules import WESTERN_ELECTRIC
from opsroom.quality.spc.subgroups import Subgroups
from opsroom.quality.spc.variables import individuals


@pytest.fixture
def quality_data(shared_data: Path) -> Path:
    folder = shared_data / "quality"
    if not folder.is_dir():
        pytest.skip("the published quality examples are absent")
    return folder


@pytest.fixture
def expected(quality_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((quality_data / "expected.json").read_text())
    return found


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def column(rows: list[dict[str, str]], name: str) -> list[float]:
    return [float(row[name]) for row in rows]


def test_individuals_of_the_nist_flow_rate_agree_with_exact_d2(quality_data: Path, expected: dict[str, Any]) -> None:
    chart = individuals(column(table(quality_data / "nist_6322_flowrate.csv"), "x"))
    says = expected["nist_6322_imr"]
    assert chart.center == pytest.approx(says["center"], abs=1e-12)
    assert chart.dispersion is not None
    assert chart.dispersion.center == pytest.approx(says["mrbar"], abs=5e-5)
    # The handbook rounds d2 to 1.128 and D4 to 3.267: its limits are off by 1.7 and 1.1 thousandths.
    assert chart.ucl == pytest.approx(55.8024, abs=5e-5)
    assert chart.lcl == pytest.approx(45.8176, abs=5e-5)
    assert chart.ucl == pytest.approx(says["UCL"], abs=2e-3)
    assert chart.dispersion.ucl == pytest.approx(says["mr_UCL"], abs=2e-3)


def test_defect_counts_of_the_nist_wafers_agree(quality_data: Path, expected: dict[str, Any]) -> None:
    chart = c_chart(column(table(quality_data / "nist_6331_wafer_counts.csv"), "defects"))
    says = expected["nist_6331_c"]
    assert (chart.center, chart.ucl, chart.lcl) == (says["center"], says["UCL"], says["LCL"])


def test_a_count_that_stands_on_the_limit_does_not_signal(quality_data: Path) -> None:
    counts = column(table(quality_data / "nist_6331_wafer_counts.csv"), "defects")
    signals = list(c_chart(counts).signals)
    assert counts[2] == 28
    assert [signal.index for signal in signals if signal.rule == 1] == [23]


def test_fractions_of_the_nist_wafers_agree(quality_data: Path, expected: dict[str, Any]) -> None:
    rows = table(quality_data / "nist_6332_wafer_p.csv")
    chart = p_chart(column(rows, "defective"), column(rows, "n"))
    says = expected["nist_6332_p"]
    assert (chart.center, chart.ucl, chart.lcl) == pytest.approx(
        (says["center"], says["UCL"], says["LCL"]), abs=says["tol"]
    )


@pytest.mark.parametrize("name", ["orangejuice_p", "orangejuice_np", "circuit_c", "circuit_u"])
def test_montgomerys_counts_agree_with_r_qcc(quality_data: Path, expected: dict[str, Any], name: str) -> None:
    says = expected[name]
    file, value = ("qcc_orangejuice.csv", "D") if name.startswith("orange") else ("qcc_circuit.csv", "x")
    rows = [row for row in table(quality_data / file) if row["trial"] == "TRUE"]
    chart = counted(says["type"], column(rows, value), column(rows, "size"))
    assert (chart.center, chart.sigma, chart.lcl, chart.ucl) == pytest.approx(
        (says["center"], says["std.dev"], says["LCL"], says["UCL"]), rel=1e-13
    )
    first_rule: dict[int, int] = {}
    for signal in chart.signals:
        first_rule.setdefault(signal.index + 1, signal.rule)
    assert list(first_rule) == says["violations"]
    assert list(first_rule.values()) == says["rule"]


def counted(kind: str, counts: list[float], sizes: list[float]) -> Chart:
    basis = Basis(rules=WESTERN_ELECTRIC)
    if kind == "c":
        return c_chart(counts, basis)
    return {"p": p_chart, "np": np_chart, "u": u_chart}[kind](counts, sizes, basis)


def test_the_gauge_study_agrees_with_jasp(quality_data: Path, expected: dict[str, Any]) -> None:
    rows = table(quality_data / "jasp_gaugerr_crossed_long.csv")
    cells = gauge_cells([row["Parts"] for row in rows], [row["Operators"] for row in rows], column(rows, "Dm"))
    study = gauge_anova(cells, tolerance=10, pooling_alpha=0.05)
    says = expected["jasp_gaugerr_crossed"]
    assert {name: study.variances[name] for name in says["varcomp"]} == pytest.approx(says["varcomp"], rel=1e-12)
    assert study.of_tolerance is not None
    for found, key in (
        (study.contribution, "pct_contribution"),
        (study.study_variation, "pct_study_var"),
        (study.of_tolerance, "pct_tolerance"),
    ):
        assert {name: found[name] for name in says[key]} == pytest.approx(says[key], abs=5e-3)
    assert study.anova is not None
    for name, line in says["anova_full"].items():
        source = study.anova[name]
        found_line = {"df": source.df, "ss": source.ss, "ms": source.ms, "F": source.f, "p": source.p}
        assert {key: found_line[key] for key in line} == pytest.approx(line, rel=1e-12)


def test_one_way_analysis_agrees_with_the_certified_values(quality_data: Path, expected: dict[str, Any]) -> None:
    lines = (quality_data / "SiRstv.dat").read_text().splitlines()[60:]
    pairs = [line.split() for line in lines if line.strip()]
    groups = Subgroups.from_labels([float(value) for _, value in pairs], [label for label, _ in pairs])
    between, within = one_way(groups)
    says = expected["nist_strd_SiRstv"]
    assert between.f == pytest.approx(says["F"], rel=1e-12)
    assert (between.ss, between.ms, within.ss, within.ms) == pytest.approx(
        (says["ss_between"], says["ms_between"], says["ss_within"], says["ms_within"]), rel=1e-11
    )


def test_spot_checks_of_sampling_plans_agree(expected: dict[str, Any]) -> None:
    for says in expected["aql_spot_checks"]["checks"]:
        plan = sampling_plan(says["lot"], says["level"], float(says["aql"]), says["inspection"])
        assert (plan.code, plan.n, plan.ac, plan.re) == (says["code"], says["n"], says["Ac"], says["Re"])
