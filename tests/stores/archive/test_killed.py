"""A worker that is killed while polls move: each is in one place, and a second worker moves the rest."""

import asyncio
import os
import signal
import sys

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import SECRET
from tests.stores.archive.test_late_polls import LATEST, ONLINE, SEEN, Work, counts, poll, send, september
from tests.stores.archive.test_roll_off import EVERYWHERE, PATH
from tests.stores.conftest import Rows
from tests.stores.test_import_killed import STOPS_AT, let_leases_run_out

from opsroom.settings import Settings

AUGUST = [poll("a", -hour, "inactive") for hour in range(1, 6)]


@pytest.mark.parametrize("place", ["_read", "_file_of", "_unchanged", "_point_to", "_exchange"])
async def test_killed_at(
    place: str, app: FastAPI, settings: Settings, manager: httpx.AsyncClient, work: Work, rows: Rows
) -> None:
    await send(manager, *SEEN, *LATEST, *AUGUST)
    before = await september(manager)
    await manager.post(PATH, json={"keep_days": 1})
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": settings.database,
        "OPSROOM_DATA_DIR": str(settings.data_dir),
        "OPSROOM_SECRET_KEY": SECRET,
    }
    stops = STOPS_AT.replace("from opsroom.stores import imports", "import opsroom.stores.roll_off.job as imports")
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", stops, place, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    async for line in worker.stdout:
        if line == b"there\n":
            break
    worker.send_signal(signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL

    assert await rows(ONLINE) == [(26,)]
    assert await rows("SELECT count(*) FROM artifacts") == [(0,)]
    assert await september(manager) == before
    await let_leases_run_out(app)
    await work()
    assert await rows(ONLINE) == [(1,)]
    assert await rows(EVERYWHERE) == [(26,)]
    assert await rows("SELECT polls FROM observation_archives ORDER BY month") == [(5,), (20,)]
    assert await september(manager) == before
    assert await counts(manager, "a") == (10, 0)
    asked = "SELECT status, attempt FROM jobs WHERE type = 'stores.roll_off' AND requested_by = 'the_manager'"
    assert await rows(asked) == [("succeeded", 2)]
