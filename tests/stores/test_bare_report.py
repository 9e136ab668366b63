"""`opsroom stores report` on bare files, as a user calls it."""

import csv
import gzip
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


def test_ids_are_ordered_as_text_and_quoted_where_csv_needs_it(report: Report) -> None:
    zones = 'store_id,timezone_str\n10,UTC\n9,UTC\nb,UTC\nB,UTC\n"x, ""y""",UTC\n'
    result = report(
        status="store_id,status,timestamp_utc\n9,active,2023-01-25 10:00:00 UTC\n", hours=HOURS, zones=zones
    )
    assert [row[0] for row in csv.reader(result.stdout.splitlines())][1:] == ["10", "9", "B", "a", "b", "c", 'x, "y"']


@pytest.mark.parametrize(
    ("gap", "expected"),
    [("17.9", "0.00"), ("18.0", "0.01"), ("53.9", "0.01"), ("54.0", "0.02")],
)
def test_hours_are_rounded_half_up_from_the_exact_time(report: Report, gap: str, expected: str) -> None:
    # Down from the second poll to now; a hundredth of an hour is 36 seconds.
    status = f"store_id,status,time\ns,active,1674642000\ns,inactive,1674643000\nt,active,{1674643000 + float(gap)}\n"
    line = next(line for line in report(status=status).stdout.splitlines() if line.startswith("s,"))
    assert line.split(",")[5] == expected


def test_minutes_are_rounded_half_up_from_the_exact_time(report: Report) -> None:
    for gap, expected in (("0.29", "0.00"), ("0.3", "0.01")):
        status = f"store_id,status,time\ns,inactive,1674643000\nt,active,1674643000{gap[1:]}\ns,active,1674642000\n"
        line = next(line for line in report(status=status).stdout.splitlines() if line.startswith("s,"))
        assert line.split(",")[4] == expected


def test_hours_and_zones_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "status.csv"
    path.write_text(STATUS)
    result = CliRunner().invoke(group, ["report", "--status", str(path), "--unknown"])
    # Both are always open then: a is up from 15:00 and down since 17:30:00.5, which is now.
    assert rows(result)["a"] == [60.0, 2.5, 2.5, 0.0, 0.0, 0.0, 0.0, 21.5, 165.5]


def test_bad_rows_are_counted_by_reason_and_written_where_asked(report: Report, tmp_path: Path) -> None:
    bad = "a,active,2023-01-25 12:00:00.1234567 UTC\n8.1E+18,active,2023-01-25 12:00:00 UTC\n" + SEVEN + "\n"
    target = tmp_path / "rejects.csv"
    result = report("--rejects", str(target), status=STATUS + bad + "a,active,9999-01-01 00:00:00 UTC\n")
    assert rows(result) == rows(report())
    assert "status: 7 rows, 4 rejected" in result.stderr
    assert "rejected 1: timestamp is malformed" in result.stderr
    assert target.read_text().splitlines() == [
        "file,line,reason,raw",
        'status,5,timestamp is malformed,"a,active,2023-01-25 12:00:00.1234567 UTC"',
        (
            "status,6,store id was turned into a rounded number by a spreadsheet (like 8.1E+18),"
            '"8.1E+18,active,2023-01-25 12:00:00 UTC"'
        ),
        f'status,7,more fields than the header,"{SEVEN}"',
        'status,8,timestamp is more than a day ahead of the clock,"a,active,9999-01-01 00:00:00 UTC"',
    ]


def test_the_summary_says_which_column_was_taken_for_what(report: Report) -> None:
    result = report(status=STATUS.replace("store_id,status", "storeId,Status"))
    assert "status: 3 rows, 0 rejected (store_id = storeId, timestamp_utc = timestamp_utc, status = Status)" in (
        result.stderr
    )
    assert "day_of_week = day" in result.stderr
    assert "as of 2023-01-25T17:30:00.500000+00:00" in result.stderr
    assert "unknown zones: Asia/Nowhere" in result.stderr


def test_the_share_of_rejected_rows_can_be_limited(report: Report, tmp_path: Path) -> None:
    status = STATUS + "a,bad,2023-01-25 12:00:00 UTC\n"  # one of four
    assert report("--max-rejected", "25", status=status).exit_code == 0
    target = tmp_path / "out.csv"
    target.write_text("the report of yesterday")
    refused = report("--max-rejected", "24.9", "-o", str(target), status=status)
    assert refused.exit_code == 2
    assert "1 of 4 rows (25.00 %) were rejected, more than the 24.9 % allowed" in refused.stderr
    assert target.read_text() == "the report of yesterday"


def test_columns_can_be_named_for_all_files_or_for_one(report: Report) -> None:
    named = {"status": STATUS.replace("store_id", "number"), "hours": HOURS.replace("store_id", "shop_number")}
    assert report(**named).exit_code == 2
    options = ("--mapping", "status.store_id=number", "--mapping", "hours.store_id=shop_number")
    assert rows(report(*options, **named)) == rows(report())
    renamed = STATUS.replace("timestamp_utc", "moment")
    assert rows(report("--mapping", "timestamp_utc=moment", status=renamed)) == rows(report())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mapping", "store_id"], "FIELD=COLUMN"),
        (["--mapping", "shop=x"], "store_id, timestamp_utc"),
        (["--mapping", "zones.status=x"], "not understood"),
        (["--mapping", "status=online"], "has no column 'online'"),
        (["--as-of", "yesterday"], "--as-of 'yesterday' is no time"),
        (["--as-of", "1999-01-01"], "no time since the year 2000"),
        (["--default-zone", "Chicago"], "'Chicago' is no IANA time zone"),
        (["-o", "/nowhere/at/all.csv"], "There is no folder /nowhere/at"),
        (["-o", "/"], "is a folder"),
    ],
)
def test_a_wrong_option_ends_with_2_and_a_sentence(report: Report, options: list[str], words: str) -> None:
    result = report(*options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.startswith("opsroom: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_without_any_observation_a_time_must_be_given(report: Report) -> None:
    nothing = "store_id,status,timestamp_utc\na,active,9999-01-01 00:00:00 UTC\n"
    refused = report(status=nothing)
    assert refused.exit_code == 2
    assert "no accepted observation" in refused.stderr
    assert "--as-of" in refused.stderr
    seen = rows(report("--as-of", "2023-01-25T18:00:00Z", "--unknown", status=nothing))
    assert seen == {
        "a": [0.0] * 6 + [60.0, 4.0, 15.0],
        "c": [0.0] * 7 + [1.0, 1.0],
        "d": [0.0] * 6 + [60.0, 24.0, 168.0],
    }


def test_observed_only_leaves_out_stores_that_were_never_observed(report: Report) -> None:
    assert list(rows(report("--observed-only"))) == ["a", "b"]


def test_a_file_cut_off_in_the_middle_makes_no_report(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "status.csv.gz"
    path.write_bytes(gzip.compress((STATUS + "a,active,2023-01-25 16:00:00 UTC\n" * 1000).encode())[:-9])
    target = tmp_path / "out.csv"
    result = CliRunner().invoke(group, ["report", "--status", str(path), "-o", str(target)])
    assert result.exit_code == 2
    assert "damaged or cut off" in result.stderr
    assert not target.exists()


def test_the_published_files_give_a_row_for_every_store(shared_data: Path) -> None:
    for edition, stores in (("real2023", 13_822), ("real2025", 4_560)):
        folder = shared_data / "stores" / edition
        files = {"status": "store_status_fragment", "hours": "menu_hours", "zones": "timezones"}
        options = [part for kind, name in files.items() for part in (f"--{kind}", str(folder / f"{name}.csv.gz"))]
        strict, classic = (
            rows(CliRunner().invoke(group, ["report", *options, "--unknown", "--profile", profile]))
            for profile in ("strict", "classic")
        )
        assert len(strict) == len(classic) == stores
        for store, cells in strict.items():
            opened = [round(sum(cells[window::3]), 2) for window in range(3)]
            again = [round(sum(classic[store][window::3]), 2) for window in range(3)]
            assert all(abs(one - other) <= 0.02 for one, other in zip(opened, again, strict=True))
            assert opened[0] <= 60.01
            assert opened[1] <= 24.01
            assert opened[2] <= 168.01
