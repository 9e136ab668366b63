"""`opsroom dispatch yardstick` from the outside."""

import json
from pathlib import Path

from typer.testing import CliRunner

from opsroom.dispatch.cli import group

TOY_FILE = """CAPACITY : 10
EDGE_WEIGHT_SECTION
0 600 900
700 0 300
800 200 0
DEMAND_SECTION
1 0
2 3
3 4
SERVICE_TIME_SECTION
1 0
2 60
3 120
TIME_WINDOW_SECTION
1 0 36000
2 7200 14400
3 10800 21600
EOF
"""


def yardstick(folder: Path, *options: str) -> tuple[int, str]:
    file = folder / "toy.txt"
    file.write_text(TOY_FILE)
    result = CliRunner().invoke(group, ["yardstick", "--instance", str(file), "--seed", "3", *options])
    return result.exit_code, result.output


def test_it_prints_one_json_object(tmp_path: Path) -> None:
    code, output = yardstick(tmp_path, "--policy", "greedy", "--iterations", "20", "--json")
    told = json.loads(output)
    assert code == 0
    assert set(told) == {"cost", "epochs", "policy", "seconds"}
    assert told["policy"] == "greedy"
    assert told["cost"] == sum(epoch["cost"] for epoch in told["epochs"]) > 0
    assert [epoch["epoch"] for epoch in told["epochs"]] == [1, 2]


def test_it_prints_a_table_for_people(tmp_path: Path) -> None:
    code, output = yardstick(tmp_path, "--policy", "lazy", "--epoch-seconds", "0.1")
    assert code == 0
    assert output.splitlines()[0].split()[:2] == ["epoch", "waiting"]
    assert "lazy: " in output.splitlines()[-1]


def test_an_unknown_policy_is_named_with_the_known_ones(tmp_path: Path) -> None:
    code, output = yardstick(tmp_path, "--policy", "oracle")
    assert code == 2
    assert "oracle is not one of best, cfa, dla" in " ".join(output.split())
