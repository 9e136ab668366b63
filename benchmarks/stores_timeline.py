"""S5: one store's week over HTTP while the table holds 20 million polls.

    python benchmarks/stores_timeline.py [--polls 20000000] [--asks 300] [--maintenance] [--folder FOLDER]

Fills a database of its own (SQLite in a temporary folder, or the one OPSROOM_DATABASE_URL names, which must be empty)
with the program's own bulk writer, starts the server and asks for weeks of different stores, one after the other over
one connection. Times are those of the client, so they include the way through the loopback; the server's own time is
below them. --maintenance adds a nightly window that began two years before. Goal: p50 of 10 ms.
"""

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import polars as pl
from sqlalchemy import insert
from uuid_utils.compat import uuid7

from opsroom.core.db.engine import Database
from opsroom.settings import Settings
from opsroom.stores.bulk import newest_by_site, write_observations
from opsroom.stores.maintenance.models import MaintenanceWindow, Scope
from opsroom.stores.models import BusinessHour
from opsroom.stores.register import register_stores

STORES = 14_092
STORES_AT_ONCE = 700
END = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = 3_600_000_000
MICROSECOND = timedelta(microseconds=1)
WEEK = timedelta(days=7)
SETTLES = 15  # seconds for the first sweep over incidents
PATHS = ("timeline", "incidents", "uptime")


def polls_of(sites: list[int], each: int, dice: np.random.Generator) -> pl.DataFrame:
    """About hourly up to the end, one in twenty down; sorted by site and instant."""
    end = (END - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
    steps = np.arange(each, 0, -1) * HOUR
    instants = end - steps + dice.integers(0, HOUR // 2, (len(sites), each))
    seen = 1 + (dice.random((len(sites), each)) < 0.05)
    return pl.DataFrame(
        {
            "site": np.repeat(np.array(sites, dtype=np.int32), each),
            "observed_at": instants.reshape(-1),
            "seen": seen.reshape(-1).astype(np.int8),
        }
    )


async def fill(database: Database, polls: int, *, maintenance: bool) -> int:
    dice = np.random.default_rng(5)
    names = [f"store-{number:05}" for number in range(STORES)]
    async with database.transaction() as session:
        known = await register_stores(session, names)
        shifts = [
            {"id": uuid7(), "store_id": one.id, "day_of_week": day, "start_time_local": OPENS, "end_time_local": CLOSES}
            for one in known.values()
            for day in range(7)
        ]
        await session.execute(insert(BusinessHour), shifts)
        if maintenance:
            session.add(
                MaintenanceWindow(
                    title="Nightly",
                    scope=Scope.ALL,
                    start_local=datetime(2024, 11, 1, 12),  # noqa: DTZ001  a wall time
                    end_local=datetime(2024, 11, 1, 13),  # noqa: DTZ001  a wall time
                    recurrence="FREQ=DAILY",
                )
            )
    sites = [one.site for one in known.values()]
    written = 0
    for place in range(0, STORES, STORES_AT_ONCE):
        part = sites[place : place + STORES_AT_ONCE]
        async with database.transaction() as session:
            frame = polls_of(part, -(-polls // STORES), dice)
            written += await write_observations(session, frame, await newest_by_site(session))
    return written


OPENS, CLOSES = (datetime(2026, 1, 1, hour, tzinfo=UTC).time() for hour in (8, 22))


def ask(url: str, asks: int) -> None:
    dice = random.Random(5)  # noqa: S311  which stores are asked for
    with httpx.Client(base_url=url, timeout=60) as client:
        for path in PATHS:
            seconds = []
            for number in range(asks + 10):
                end = END - timedelta(days=dice.randrange(30))
                span = {"from": (end - WEEK).isoformat(), "to": end.isoformat()}
                store = f"store-{dice.randrange(STORES):05}"
                begun = time.perf_counter()
                answer = client.get(f"/api/v1/stores/{store}/{path}", params=span)
                if number >= 10:  # the first ones compile statements
                    seconds.append(time.perf_counter() - begun)
                answer.raise_for_status()
            p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
            print(f"  {path:10} p50 {p50 * 1000:6.2f} ms   p95 {p95 * 1000:6.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=20_000_000)
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--maintenance", action="store_true")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        environment = os.environ | {
            "OPSROOM_DATA_DIR": folder,
            "OPSROOM_RATE_LIMIT": "1000000/minute",
            "OPSROOM_OPEN_ENDPOINTS": "read_timeline,read_incidents,read_uptime",
        }
        subprocess.run([sys.executable, "-m", "opsroom", "db", "migrate"], env=environment, check=True)
        os.environ.update(environment)
        begun = time.perf_counter()
        rows = asyncio.run(_fill(given.polls, maintenance=given.maintenance))
        print(f"{rows:,} polls of {STORES:,} stores written in {time.perf_counter() - begun:.1f} s")
        serve(environment, given.asks)


async def _fill(polls: int, *, maintenance: bool) -> int:
    database = Database(Settings().database)
    try:
        return await fill(database, polls, maintenance=maintenance)
    finally:
        await database.close()


def serve(environment: dict[str, str], asks: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "opsroom", "serve"]
    server = subprocess.Popen(
        command, env=environment | {"OPSROOM_PORT": str(port)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/livez")
        time.sleep(SETTLES)
        ask(url, asks)
    finally:
        server.terminate()
        server.wait()


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            httpx.get(url).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
