"""Demonstration data: the same bytes every time, loaded once whatever happens, and the samples made from it."""

import asyncio
import hashlib
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import SECRET
from tests.stores.conftest import Rows, Work
from tests.stores.test_import_killed import let_leases_run_out
from typer.testing import CliRunner

from opsroom.core.parts import NoPayload
from opsroom.settings import Settings
from opsroom.stores.cli import group
from opsroom.stores.demo import JOB
from opsroom.stores.demo_files import DAYS, STORES, write_demo_files

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
NAMES = ("demo_status.csv", "demo_hours.csv", "demo_zones.csv")


@pytest.fixture(scope="module")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo_files(folder)
    return folder


def test_the_files_have_the_same_bytes_every_time(demo_files: Path, tmp_path: Path) -> None:
    write_demo_files(tmp_path)
    hashes = [
        {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES}
        for folder in (demo_files, tmp_path)
    ]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("profile", ["strict", "classic"])
def test_the_sample_reports_are_those_of_the_demonstration_files(demo_files: Path, profile: str) -> None:
    files = [part for name in NAMES for part in (f"--{name[5:-4]}", str(demo_files / name))]
    result = CliRunner().invoke(group, ["report", *files, "--profile", profile])
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (SAMPLES / f"report_{profile}.csv").read_text()


async def ask_for_demo(app: FastAPI) -> None:
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, JOB, NoPayload())


async def test_it_becomes_stores_polls_refused_rows_and_a_report(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, rows: Rows
) -> None:
    await ask_for_demo(app)
    await work()
    assert await rows("SELECT count(*) FROM stores") == [(STORES,)]
    ((polls,),) = await rows("SELECT count(*) FROM store_observations")
    assert 0.85 * STORES * DAYS * 24 < polls < STORES * DAYS * 24
    report = (await manager.get("/current_report")).json()
    assert (report["status"], report["store_count"], report["profile"]) == ("Complete", STORES, "strict")
    assert (await manager.get(report["download_url"])).text == (SAMPLES / "report_strict.csv").read_text()
    ((refused,),) = await rows("SELECT id FROM observation_imports WHERE kind = 'status'")
    rejects = (await manager.get(f"/api/v1/stores/imports/{refused}/rejects")).text
    assert len(rejects.splitlines()) == 1 + 6
    assert await rows("SELECT count(*) FROM maintenance_windows") == [(2,)]
    assert await rows("SELECT count(*) FROM sla_policies") == [(2,)]


# `opsroom demo` itself, without serving for ever: it stops where the first job of the name has come to the given step.
# It says so in one piece: `print` writes the end of a line apart, and a line of the log may come between.
DEMO = """
import asyncio, os, sys, time
from opsroom.commands import demo
from opsroom.main import run_worker
from opsroom.settings import load_settings
from opsroom.stores import demo as stores_demo, imports

module, place = {"files": (stores_demo, "write_demo_files"), "polls": (imports, "write_observations")}[sys.argv[1]]
done = getattr(module, place)

def stop(*arguments):
    done(*arguments)
    os.write(1, b"\\nthere\\n")
    time.sleep(3600)

async def stop_async(*arguments):
    await done(*arguments)
    os.write(1, b"\\nthere\\n")
    await asyncio.sleep(3600)

setattr(module, place, stop_async if asyncio.iscoroutinefunction(done) else stop)
demo.run_server = lambda settings: asyncio.run(run_worker(settings))
demo.demo()
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["files", "polls"])
async def test_killed_and_started_again_it_is_loaded_once(
    place: str, app: FastAPI, settings: Settings, work: Work, rows: Rows
) -> None:
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": settings.database,
        "OPSROOM_DATA_DIR": str(settings.data_dir),
        "OPSROOM_SECRET_KEY": SECRET,
    }
    start = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DEMO, place, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert start.stdout is not None
    async for line in start.stdout:
        if line == b"there\n":
            break
    start.send_signal(signal.SIGKILL)
    await start.wait()

    prepare = "from opsroom.commands import demo; demo.run_server = lambda settings: None; demo.demo()"
    again = await asyncio.create_subprocess_exec(
        sys.executable, "-c", prepare, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    assert await again.wait() == 0
    await let_leases_run_out(app)
    await work()
    assert await rows(
        "SELECT type, status FROM jobs WHERE type IN ('reports.run', 'stores.demo', 'stores.import') ORDER BY type"
    ) == [
        ("reports.run", "succeeded"),
        ("stores.demo", "succeeded"),
        ("stores.import", "succeeded"),
    ]
    assert await rows("SELECT count(*) FROM stores") == [(STORES,)]
    assert await rows("SELECT count(*) FROM observation_imports WHERE status = 'complete'") == [(3,)]
