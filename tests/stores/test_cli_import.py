"""`opsroom stores import`, as a person calls it."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text
from tests.conftest import SECRET
from tests.stores.conftest import HOURS, STATUS, ZONES

from opsroom.core.db.engine import Database
from opsroom.core.parts import NoPayload
from opsroom.main import House
from opsroom.settings import Settings
from opsroom.stores.demo import JOB as DEMO
from opsroom.stores.files import RefusedFileError
from opsroom.stores.models import FileKind
from opsroom.stores.recognising import recognised

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder as an export leaves it: one file by its name, one packed, one by its columns only."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "store_status.csv").write_text(STATUS)
    (folder / "menu_hours.csv.gz").write_bytes(gzip.compress(HOURS.encode()))
    (folder / "places.csv").write_text(ZONES)
    (folder / "README.md").write_text("nothing to import")
    return folder


@pytest.fixture
def run(settings: Settings) -> Run:
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": settings.database,
        "OPSROOM_DATA_DIR": str(settings.data_dir),
        "OPSROOM_SECRET_KEY": SECRET,
    }

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "opsroom", "stores", "import", *arguments],
            check=False, capture_output=True, text=True, env=environment,
        )  # fmt: skip

    return call


def rows(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    async def read() -> list[tuple[object, ...]]:
        database = Database(settings.database)
        try:
            async with database.reading() as connection:
                return [tuple(row) for row in await connection.execute(text(statement))]
        finally:
            await database.close()

    return asyncio.run(read())


def test_a_folder_is_imported_once_and_a_report_made(run: Run, export: Path, settings: Settings) -> None:
    first = run(export, "--report")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[:3] == [
        "places.csv: 3 rows read, 3 accepted, 2 added",
        "menu_hours.csv.gz: 2 rows read, 2 accepted, 2 added",
        "store_status.csv: 3 rows read, 3 accepted, 3 added",
    ]
    ((report_id, status, count),) = rows(settings, "SELECT CAST(id AS text), status, row_count FROM reports")
    assert (status, count) == ("complete", 5)
    assert first.stdout.splitlines()[3].replace("-", "") == f"report {report_id}".replace("-", "")
    assert first.stderr == ""  # no bar where nobody looks

    again = run(export, "--json")
    outcome = json.loads(again.stdout)
    assert (outcome["status"], outcome["imported_before"]) == ("succeeded", ["store_status.csv"])
    assert [one["rows_added"] for one in outcome["imports"]] == [0, 0, 0]
    assert rows(settings, "SELECT count(*) FROM store_observations") == [(3,)]


def test_refused_rows_are_counted_by_reason_and_columns_mapped(run: Run, tmp_path: Path) -> None:
    polls = tmp_path / "polls.csv"
    polls.write_text(STATUS.replace("store_id", "Filiale") + "c,perhaps,2023-01-25 17:00:00 UTC\n")
    done = run("--status", polls, "--mapping", "store_id=Filiale")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "polls.csv: 4 rows read, 3 accepted, 3 added",
        "  rejected 1: status is neither active nor inactive",
    ]


def test_without_waiting_it_is_left_to_a_worker(run: Run, export: Path, settings: Settings) -> None:
    done = run(export, "--no-wait")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("a server or worker will do it\n")
    assert rows(settings, "SELECT type, status FROM jobs WHERE type = 'stores.import'") == [("stores.import", "queued")]


def test_other_work_that_waits_is_left_to_others(run: Run, export: Path, settings: Settings) -> None:
    async def ask_for_demo() -> None:
        house = House(settings)
        try:
            async with house.database.transaction() as session:
                await house.queue.add(session, DEMO, NoPayload())
        finally:
            await house.database.close()

    asyncio.run(ask_for_demo())
    assert run(export).returncode == 0
    assert rows(
        settings,
        "SELECT type, status FROM jobs WHERE type IN ('reports.run', 'stores.demo', 'stores.import') ORDER BY type",
    ) == [
        ("stores.demo", "queued"),
        ("stores.import", "succeeded"),
    ]


def test_bad_input_ends_with_two_and_a_failed_job_with_one(run: Run, tmp_path: Path, settings: Settings) -> None:
    assert run().returncode == 2
    missing = run(tmp_path / "nowhere")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("store_id,status\na,active\n")
    refused = run("--status", wrong)
    assert refused.returncode == 2
    assert "wrong.csv has no column for timestamp_utc" in refused.stderr
    assert run("--status", wrong, "--mapping", "nonsense").returncode == 2
    assert rows(settings, "SELECT count(*) FROM jobs WHERE type = 'stores.import'") == [(0,)]

    whole = "store_id,status,timestamp_utc\n" + "a,active,2023-01-25 17:00:00 UTC\n" * 200_000
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(whole.encode())[:-20])
    failed = run("--status", cut)
    assert failed.returncode == 1
    assert "cut.csv.gz is damaged or cut off" in failed.stderr
    assert rows(settings, "SELECT count(*) FROM stores") == [(0,)]


def test_files_are_recognised_by_name_then_by_columns(export: Path) -> None:
    assert {kind: path.name for kind, path in recognised(export).items()} == {
        FileKind.HOURS: "menu_hours.csv.gz",
        FileKind.ZONES: "places.csv",
        FileKind.STATUS: "store_status.csv",
    }
    (export / "store_status.csv").unlink()
    pl.read_csv(STATUS.encode()).write_parquet(export / "a.parquet")
    assert recognised(export)[FileKind.STATUS].name == "a.parquet"


def test_two_files_of_a_kind_and_none_at_all_are_refused(export: Path, tmp_path: Path) -> None:
    (export / "status_old.csv").write_text(STATUS)
    with pytest.raises(RefusedFileError, match=r"Both status_old.csv and store_status.csv .* --status"):
        recognised(export)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RefusedFileError, match="No status, hours or zones file"):
        recognised(empty)
