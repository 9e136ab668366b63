"""A worker that is killed in the middle of an import: all of it or none, and a second worker completes it once."""

import asyncio
import os
import signal
import sys

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.conftest import SECRET
from tests.stores.conftest import HOURS, OBSERVED, STATUS, ZONES, Rows, Work, post_files
from tests.stores.test_imports import EXPECTED

from opsroom.settings import Settings

# A real worker that, at a place given by name, says so and does not go on.
# It says so in one piece: `print` writes the end of a line apart, and a line of the log may come between.
STOPS_AT = """
import asyncio, os, sys
from opsroom.main import run_worker
from opsroom.settings import load_settings
from opsroom.stores import imports

place = sys.argv[1]
done = getattr(imports, place)

async def stop(*arguments):
    result = done(*arguments)
    if asyncio.iscoroutine(result):
        result = await result
    os.write(1, b"\\nthere\\n")
    await asyncio.sleep(3600)

def block(*arguments):
    result = done(*arguments)
    os.write(1, b"\\nthere\\n")
    import time
    time.sleep(3600)

setattr(imports, place, stop if asyncio.iscoroutinefunction(done) else block)
asyncio.run(run_worker(load_settings()))
"""


@pytest.mark.parametrize("place", ["parse", "set_hours", "write_observations", "_record"])
async def test_killed_at(
    place: str, app: FastAPI, settings: Settings, manager: httpx.AsyncClient, work: Work, rows: Rows
) -> None:
    answer = await post_files(manager, status=STATUS, hours=HOURS, zones=ZONES)
    assert answer.status_code == 202
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": settings.database,
        "OPSROOM_DATA_DIR": str(settings.data_dir),
        "OPSROOM_SECRET_KEY": SECRET,
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STOPS_AT, place, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    async for line in worker.stdout:
        if line == b"there\n":
            break
    worker.send_signal(signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL

    assert await rows("SELECT count(*) FROM stores") == [(0,)]
    assert await rows("SELECT DISTINCT status FROM observation_imports") == [("pending",)]
    await let_leases_run_out(app)
    await work()
    assert await rows(OBSERVED) == EXPECTED
    assert await rows("SELECT status, attempt FROM jobs WHERE type = 'stores.import'") == [("succeeded", 2)]
    assert await rows("SELECT kind, status, rows_added FROM observation_imports ORDER BY kind") == [
        ("hours", "complete", 2),
        ("status", "complete", 3),
        ("zones", "complete", 2),
    ]


async def let_leases_run_out(app: FastAPI) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(text("UPDATE jobs SET lease_until = '2001-01-01 00:00:00.000000+00'"))
