"""`opsroom stores report` on bare files, as a user calls it."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opsroom.stores.cli import group

SEVEN = (
    "store_id,uptime_last_hour,uptime_last_day,uptime_last_week,downtime_last_hour,downtime_last_day,downtime_last_week"
)
STATUS = """store_id,status,timestamp_utc
a,active,2023-01-25 17:00:00 UTC
a,inactive,2023-01-25 17:30:00.5 UTC
b,active,2023-01-25 10:00:00 UTC
"""
HOURS = """store_id,day,start_time_local,end_time_local
a,2,09:00:00,23:59:59
c,2,10:00:00,11:00:00
"""
ZONES = """store_id,timezone_str
a,America/New_York
d,Asia/Nowhere
"""
Report = Callable[..., Result]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Write the three files and call the command on them."""

    def call(*options: str, status: str = STATUS, hours: str = HOURS, zones: str = ZONES) -> Result:
        paths = []
        for name, text in (("status", status), ("hours", hours), ("zones", zones)):
            path = tmp_path / f"{name}.csv"
            path.write_bytes(text.encode())
            paths += [f"--{name}", str(path)]
        return CliRunner().invoke(group, ["report", *paths, *options])

    return call


def rows(result: Result) -> dict[str, list[float]]:
    assert result.exit_code == 0, result.stderr
    table = list(csv.reader(result.stdout.splitlines()))
    return {row[0]: [float(cell) for cell in row[1:]] for row in table[1:]}


def test_every_store_of_any_file_is_a_row_ordered_as_text_under_the_seven_columns(report: Report) -> None:
    result = report()
    assert result.exit_code == 0
    lines = result.stdout.split("\n")
    assert lines[0] == SEVEN
    assert [line.split(",")[0] for line in lines[1:-1]] == ["a", "b", "c", "d"]
    assert lines[-1] == ""


def test_the_hour_is_in_minutes_and_day_and_week_in_hours(report: Report) -> None:
    # a opens at 14:00 UTC; now is 17:30:00.5; up from 15:00 (two hours back) to 17:30:00.5, then nothing yet.
    # The hour before now begins at 16:30:00.5.
    # b is always open: up from 08:00 to 12:00, outside the last hour.
    assert rows(report())["a"] == [60.0, 2.5, 2.5, 0.0, 0.0, 0.0]
    assert rows(report())["b"] == [0.0, 4.0, 4.0, 0.0, 0.0, 0.0]


def test_a_later_as_of_lets_the_last_state_hold_for_two_hours(report: Report) -> None:
    seen = rows(report("--as-of", "2023-01-25T21:00:00Z", "--unknown"))
    assert seen["a"][0:6] == [0.0, 2.5, 2.5, 0.0, 2.0, 2.0]
    # Wednesday a week ago was open from 21:00 UTC, where the week begins, to 05:00 UTC.
    assert seen["a"][6:] == [60.0, 2.5, 10.5]


def test_observations_after_as_of_do_not_count_but_their_stores_are_shown(report: Report) -> None:
    seen = rows(report("--as-of", "2023-01-25 17:00:00"))
    assert seen["a"] == [60.0, 2.0, 2.0, 0.0, 0.0, 0.0]
    early = rows(report("--as-of", "2023-01-25 09:00:00"))
    assert early["a"] == early["b"] == [0.0] * 6
    assert list(early) == ["a", "b", "c", "d"]


def test_classic_makes_all_open_time_of_an_observed_store_up_or_down(report: Report) -> None:
    seen = rows(report("--profile", "classic", "--unknown"))
    assert seen["b"] == [60.0, 24.0, 168.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    # a: 14:00 to 17:30:00.5 today, and Wednesday a week ago from 17:30:00.5 to midnight in New York (05:00 UTC).
    assert seen["a"] == [60.0, 3.5, 15.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert seen["c"][:6] == [0.0] * 6


def test_the_report_is_written_to_the_named_file_and_nothing_beside_it(report: Report, tmp_path: Path) -> None:
    target = tmp_path / "out" / "report.csv"
    target.parent.mkdir()
    result = report("-o", str(target))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert target.read_bytes().startswith(SEVEN.encode() + b"\n")
    assert b"\r" not in target.read_bytes()
    assert list(target.parent.iterdir()) == [target]


def test_the_program_itself_ends_with_2_and_one_sentence_on_a_missing_file(tmp_path: Path) -> None:
    start = [sys.executable, "-c", "from opsroom.stores.cli import group; group()", "report"]
    ended = subprocess.run(
        [*start, "--status", str(tmp_path / "none.csv"), "-o", str(tmp_path / "out.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == f"opsroom: There is no file {tmp_path / 'none.csv'}; check its name.\n"
    assert not (tmp_path / "out.csv").exists()


def test_json_carries_the_same_rows_and_what_was_read(report: Report) -> None:
    document = json.loads(report("--json").stdout)
    assert document["as_of"] == "2023-01-25T17:30:00.500000+00:00"
    assert document["stores"][0] == {
        "store_id": "a",
        **dict(zip(SEVEN.split(",")[1:], [60.0, 2.5, 2.5, 0.0, 0.0, 0.0], strict=True)),
    }
    assert document["files"]["hours"]["columns"]["day_of_week"] == "day"
    assert document["quality"]["unknown_zones"] == ["Asia/Nowhere"]
