"""The commands of the quality group: shapes, published results, refusals with exit status 2."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from opsroom.quality.cli import group

runner = CliRunner()
GAUGE_COLUMNS = ("--part", "Parts", "--operator", "Operators", "--value", "Dm")


def answered(*arguments: str | Path) -> dict[str, Any]:
    result = runner.invoke(group, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def refused(*arguments: str | Path) -> str:
    result = runner.invoke(group, [str(argument) for argument in arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


@pytest.fixture
def quality_data(shared_data: Path) -> Path:
    folder = shared_data / "quality"
    if not folder.is_dir():
        pytest.skip("the published quality examples are absent")
    return folder


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "flow.csv"
    path.write_text("batch,x\n" + "".join(f"{n},{x}\n" for n, x in enumerate([49.6, 47.6, 49.9, 51.3, 47.8, 51.2], 1)))
    return path


@pytest.fixture
def grouped(tmp_path: Path) -> Path:
    path = tmp_path / "grouped.csv"
    rows = [f"{hour},{value},{hour <= 2}" for hour in (1, 2, 3) for value in (10 + hour, 12 + hour, 11)]
    path.write_text("hour,diameter,trial\n" + "\n".join(rows) + "\n")
    return path


def test_a_chart_has_the_shape_of_its_contract(flow: Path) -> None:
    document = answered("chart", "imr", flow, "--value", "x")
    assert list(document) == ["kind", "center", "lcl", "ucl", "sigma", "points", "signals", "dispersion"]
    assert list(document["dispersion"]) == ["kind", "center", "lcl", "ucl", "sigma", "points", "signals"]
    assert document["points"] == [49.6, 47.6, 49.9, 51.3, 47.8, 51.2]


@pytest.mark.parametrize("kind", ["xbar-r", "xbar-s", "r", "s", "ewma", "cusum"])
def test_charts_of_subgroups(grouped: Path, kind: str) -> None:
    document = answered("chart", kind, grouped, "--subgroup", "hour", "--value", "diameter", "--phase1", "trial")
    assert document["kind"] == kind
    assert len(document["points"]) == 3
    assert ("dispersion" in document) == kind.startswith("xbar")


def test_phase_1_may_be_a_column_or_a_number_of_points(grouped: Path) -> None:
    options = ("chart", "xbar-r", grouped, "--subgroup", "hour", "--value", "diameter", "--phase1")
    assert answered(*options, "trial") == answered(*options, "2") != answered(*options, "3")


def test_published_counts_come_through(quality_data: Path) -> None:
    expected = json.loads((quality_data / "expected.json").read_text())
    for kind, file, value, name in (
        ("p", "qcc_orangejuice.csv", "D", "orangejuice_p"),
        ("np", "qcc_orangejuice.csv", "D", "orangejuice_np"),
        ("c", "qcc_circuit.csv", "x", "circuit_c"),
        ("u", "qcc_circuit.csv", "x", "circuit_u"),
    ):
        size = () if kind == "c" else ("--size", "size")
        options = ("--value", value, *size, "--phase1", "trial", "--rules", "western-electric")
        found, says = answered("chart", kind, quality_data / file, *options), expected[name]
        assert [found[key] for key in ("center", "lcl", "ucl", "sigma")] == pytest.approx(
            [says["center"], says["LCL"], says["UCL"], says["std.dev"]], rel=1e-13
        )
        in_trial = {signal["index"] + 1 for signal in found["signals"] if signal["index"] < says["n"]}
        assert in_trial == set(says["violations"])


def test_the_published_gauge_study_comes_through(quality_data: Path) -> None:
    columns = (*GAUGE_COLUMNS, "--tolerance", "10")
    found = answered("gauge", quality_data / "jasp_gaugerr_crossed_long.csv", *columns)
    assert found["variance_components"]["total_grr"] == pytest.approx(0.157929724596391, rel=1e-12)
    assert found["grr_percent"] == pytest.approx(11.97, abs=5e-3)
    assert (found["pct_tolerance"]["part"], found["ndc"]) == (pytest.approx(197.69, abs=5e-3), 11)
    by_range = answered("gauge", quality_data / "jasp_gaugerr_crossed_long.csv", *columns, "--method", "range")
    assert (by_range["method"], by_range["anova"]) == ("range", None)


def test_capability_has_the_shape_of_its_contract(grouped: Path) -> None:
    found = answered(
        "capability", grouped, "--value", "diameter", "--subgroup", "hour", "--lower", "5", "--upper", "20"
    )
    promised = {
        "cp",
        "cpk",
        "pp",
        "ppk",
        "cpl",
        "cpu",
        "intervals",
        "mean",
        "sigma_within",
        "sigma_overall",
        "normality",
    }
    assert promised <= set(found)
    assert found["cpk"] == min(found["cpl"], found["cpu"])
    one_sided = answered("capability", grouped, "--value", "diameter", "--upper", "20")
    assert one_sided["cp"] is None


def test_a_plan_comes_with_its_curve() -> None:
    found = answered("plan", "--lot", "1000", "--level", "II", "--aql", "1.0")
    assert [found[key] for key in ("code", "n", "ac", "re")] == ["J", 80, 2, 3]
    assert found["oc"][0] == {"p": 0, "nonconforming": 0, "hypergeometric": 1, "binomial": 1, "poisson": 1}
    assert answered("plan", "--lot", "1000", "--level", "II", "--aql", "1", "--severity", "tightened")["ac"] == 1
    assert answered("plan", "--lot", "5", "--level", "II", "--aql", "0.01")["inspect_all"] is True


def test_people_get_lines_to_read(flow: Path, grouped: Path, quality_data: Path) -> None:
    for arguments, words in (
        (("chart", "imr", flow, "--value", "x"), "imr: 6 points, 0 signals"),
        (("chart", "ewma", flow, "--value", "x"), "lcl 4"),
        (("capability", grouped, "--value", "diameter", "--lower", "5"), "cpk: "),
        (("plan", "--lot", "5", "--level", "II", "--aql", "0.01"), "that is every unit, accept up to 0"),
        (
            ("gauge", quality_data / "jasp_gaugerr_crossed_long.csv", *GAUGE_COLUMNS),
            "%GRR 11.97, ndc 11",
        ),
    ):
        result = runner.invoke(group, [str(argument) for argument in arguments])
        assert result.exit_code == 0
        assert words in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chart", "xbar-r", "grouped.csv", "--value", "diameter"), "needs the column of the subgroups"),
        (("chart", "p", "grouped.csv", "--value", "diameter"), "a p chart needs the sample sizes"),
        (("chart", "imr", "grouped.csv", "--value", "diameter", "--size", "hour"), "--size belongs to p, np, u charts"),
        (("chart", "imr", "grouped.csv", "--value", "diameter", "--lambda", "0.3"), "--lambda belongs to ewma charts"),
        (
            ("chart", "imr", "grouped.csv", "--value", "diameter", "--subgroup", "hour"),
            "row 2 (line 3), column 'hour' repeats",
        ),
        (("chart", "imr", "grouped.csv", "--value", "trial"), "row 1 (line 2), column 'trial' is 'True'"),
        (("chart", "imr", "grouped.csv", "--value", "diameter", "--phase1", "99"), "--phase1 is 99; expected 1 to 9"),
        (("chart", "imr", "grouped.csv", "--value", "diameter", "--phase1", "nowhere"), "no column 'nowhere'"),
        (("chart", "imr", "grouped.csv", "--value", "diameter", "--sigma", "-1"), "sigma must be a positive number"),
        (("chart", "c", "grouped.csv", "--value", "diameter", "--sigma", "1"), "sigma follows from the center"),
        (("chart", "imr", "absent.csv"), "No such file"),
        (("capability", "grouped.csv", "--value", "diameter", "--lower", "9", "--upper", "8"), "lower 9 is not below"),
        (("capability", "grouped.csv", "--value", "diameter"), "needs a lower or an upper limit"),
        (
            ("capability", "grouped.csv", "--value", "diameter", "--lower", "9", "--within", "guess"),
            "--within is 'guess'",
        ),
        (("gauge", "grouped.csv", "--part", "hour", "--operator", "trial", "--value", "diameter"), "a crossed study"),
        (("plan", "--lot", "1000", "--level", "V", "--aql", "1"), "inspection level 'V'"),
        (("chart", "pie", "grouped.csv"), "pie"),
        (("chart", "imr"), "Missing argument"),
    ],
)
def test_refusals_name_what_was_expected(
    grouped: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(grouped.parent)
    assert words in refused(*arguments)


def test_marks_of_phase_1_must_agree_within_a_subgroup(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text("hour,x,trial\n1,2,yes\n1,3,no\n")
    said = refused("chart", "xbar-r", path, "--subgroup", "hour", "--value", "x", "--phase1", "trial")
    assert "row 2 (line 3), column 'trial' differs within its subgroup" in said


def test_one_number_may_stand_for_all_sample_sizes(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("defective\n3\n5\n4\n")
    assert answered("chart", "p", path, "--size", "50")["center"] == pytest.approx(12 / 150)
