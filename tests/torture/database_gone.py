"""The database is away for some seconds while imports are under way."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.torture.databases import OwnPostgres
from tests.torture.door import PROBLEM
from tests.torture.trial import Trial, trial
from tests.torture.wrong import require

BEFORE = 0.3  # seconds of imports
NOBODY = {"Authorization": ""}
CALLS = (
    ("GET", "/api/v1/stores"),
    ("GET", "/api/v1/stores/imports"),
    ("GET", "/pending_status"),
    ("POST", "/trigger_report"),
    ("POST", "/api/v1/stores"),
    ("GET", "/api/v1/auth/me"),
)


async def database_gone(url: str, server: OwnPostgres, folder: Path, seed: int, seconds: float) -> str:
    """Stopped as by a power cut. Requests are told to come back, and jobs go on afterwards."""
    async with trial(url, folder, seed) as one:
        handing_in = asyncio.create_task(one.hand_in(one.day(1), spread=2 * BEFORE))
        await asyncio.sleep(BEFORE)
        await asyncio.to_thread(server.stop)
        try:
            refused = await _ask_in_vain(one, seconds)
        finally:
            await asyncio.to_thread(server.start)
        await handing_in
        await one.make_reports(1)
        await one.settled()
        await one.account(one.day(1), whole=True)
        return f"{refused} requests answered 503 in {seconds:.0f} s, all jobs complete afterwards"


async def database_held(url: str, folder: Path, seed: int, seconds: float) -> str:
    """SQLite has no server that can go away, but another process may hold the file; writers wait for it."""
    async with trial(url, folder, seed) as one:
        with _held(Path(url.removeprefix("sqlite:///"))):
            handing_in = asyncio.create_task(one.hand_in(one.day(1)))
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                answer = await one.door.ask("GET", "/api/v1/stores")
                require(answer.status_code == 200, f"a reader need not wait for a writer: {answer.text}")
                await asyncio.sleep(0.2)
        await handing_in
        await one.settled()
        await one.account(one.day(1), whole=True)
        return f"held for {seconds:.0f} s, readers answered, all jobs complete afterwards"


async def _ask_in_vain(one: Trial, seconds: float) -> int:
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        for method, path in CALLS:
            answer = await one.door.ask(method, path)
            told = f"{method} {path} answered {answer.status_code} {answer.text}"
            require(answer.status_code == 503 and answer.headers["content-type"] == PROBLEM, told)
            require(answer.json()["code"] == "database_unavailable", told)
            count += 1
        # As load balancers ask: without a token, which would have to be looked up.
        ready = await one.door.ask("GET", "/readyz", headers=NOBODY)
        alive = await one.door.ask("GET", "/livez", headers=NOBODY)
        require(ready.status_code == 503 and alive.status_code == 200, f"readyz {ready.text}, livez {alive.text}")
        await asyncio.sleep(0.2)
    return count


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
