"""The whole program, killed in the middle: `opsroom worker` with an app found through its entry point."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.core.jobs.workshop import WRITE, Line, Workshop, nothing_to_compute, write_line

from opsroom.core.db.engine import Database
from opsroom.core.jobs.handler import JobType
from opsroom.core.jobs.models import JobStatus
from opsroom.core.jobs.queue import JobQueue

# The first attempt at each step leaves a file and then never ends.
TRIAL_APP = f"""
import asyncio, os
from pathlib import Path
from pydantic import BaseModel
from sqlalchemy import text
from opsroom.core.app import App
from opsroom.core.jobs.handler import JobType


class Line(BaseModel):
    line: str


async def hang(step, payload, run):
    if run.attempt == 1 and payload.line == step:
        Path(os.environ["TRIAL_FOLDER"], step).touch()
        await asyncio.Event().wait()


async def compute(payload, run):
    await hang("computing", payload, run)
    return f"{{payload.line}}, attempt {{run.attempt}}"


async def save(session, payload, line, run):
    await session.execute(text("INSERT INTO effects (line) VALUES (:line)"), {{"line": line}})
    await hang("saving", payload, run)


def jobs(parts):
    return [JobType(name="{WRITE}", payload=Line, compute=compute, save=save)]


app = App(name="trial", title="Trial", jobs="trial_app:jobs")
"""

StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(tmp_path: Path, database_url: str) -> Iterator[StartWorker]:
    """Start `opsroom worker` with the trial app installed."""
    installed = tmp_path / "installed" / "trial_app-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: trial-app\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[opsroom.apps]\ntrial = trial_app:app\n")
    (installed.parent / "trial_app.py").write_text(TRIAL_APP)
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed.parent),
        "TRIAL_FOLDER": str(tmp_path),
        "OPSROOM_ENVIRONMENT": "test",
        "OPSROOM_DATABASE_URL": database_url,
        "OPSROOM_DATA_DIR": str(tmp_path / "data"),
        "OPSROOM_JOB_LEASE_SECONDS": "1",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        worker = subprocess.Popen([sys.executable, "-m", "opsroom", "worker"], env=environment)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.fixture
async def shop(database: Database) -> Workshop:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE effects (line text)"))
    asked_for: JobType[Line, str] = JobType(name=WRITE, payload=Line, compute=nothing_to_compute, save=write_line)
    return Workshop(database, JobQueue([asked_for]))


async def appears(path: Path) -> None:
    async with asyncio.timeout(60):
        while not path.exists():  # noqa: ASYNC110, ASYNC240  another process writes it
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("step", ["computing", "saving"])
async def test_what_a_killed_worker_began_another_does_once(
    shop: Workshop, start_worker: StartWorker, tmp_path: Path, step: str
) -> None:
    job_id = await shop.ask(step)
    first = start_worker()
    await appears(tmp_path / step)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start_worker()
    job = await shop.ended(job_id)
    assert (job.status, job.attempt) == (JobStatus.SUCCEEDED, 2)
    assert await shop.effects() == [f"{step}, attempt 2"]
    second.send_signal(signal.SIGTERM)
    assert second.wait(timeout=60) == 0


async def test_a_worker_asked_to_stop_gives_its_job_back_and_ends_well(
    shop: Workshop, start_worker: StartWorker, tmp_path: Path
) -> None:
    job_id = await shop.ask("computing")
    worker = start_worker()
    await appears(tmp_path / "computing")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    job = await shop.job(job_id)
    assert (job.status, job.attempt, job.lease_until) == (JobStatus.QUEUED, 0, None)
