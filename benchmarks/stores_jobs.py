"""The jobs that look at a whole fleet: the sweep over incidents, breaches and statements of service levels.

    python benchmarks/stores_jobs.py [--stores 14092] [--polls 1822080] [--files FOLDER] [--only sqlite|postgresql]

The three generated files are imported, and a poll of three weeks later, so that January is over. One webhook wants
every event; three policies promise 99 % for every store, for all together, and for 30 rolling days. Then each job runs
to its commit, first with everything to tell, then again with nothing new: wall time, and seconds of this process's
processor, which other programs on the machine disturb less.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url

from opsroom.core.jobs.queue import JobQueue
from opsroom.core.jobs.runtime import Runtime
from opsroom.core.webhooks.models import WebhookEndpoint
from opsroom.main import House
from opsroom.settings import Settings
from opsroom.stores.maintenance.models import Scope
from opsroom.stores.sla.models import AppliesTo, SlaPolicy, SlaWindow
from stores_trigger import FILES, GENERATOR, SECRET, database, execute, opsroom

LATER = "store_id,timestamp_utc,status\nlater,2023-02-14 12:00:00 UTC,active\n"
JANUARY = date(2023, 1, 1)


def main() -> None:
    given = arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = given.files or folder
        if given.files is None:
            sizes = ["--stores", str(given.stores), "--polls", str(given.polls)]
            subprocess.run([sys.executable, GENERATOR, folder, *sizes], check=True)
        (folder / "later.csv").write_text(LATER)
        for engine in [given.only] if given.only else ["postgresql", "sqlite"]:
            measure(engine, folder, files)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Sweep, breaches and statements of a whole fleet.")
    parser.add_argument("--stores", type=int, default=14_092)
    parser.add_argument("--polls", type=int, default=1_822_080)
    parser.add_argument("--files", type=Path, help="a folder that generate_stores.py wrote before")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    return parser.parse_args()


def measure(engine: str, folder: Path, files: Path) -> None:
    url, server = database(engine, folder)
    data = folder / f"{engine}_data"
    settled = {"OPSROOM_DATABASE_URL": url, "OPSROOM_DATA_DIR": str(data), "OPSROOM_SECRET_KEY": SECRET}
    environment = {**os.environ, **settled}
    paths = [part for kind, name in FILES.items() for part in (f"--{kind}", str(files / name))]
    opsroom(["db", "migrate"], environment)
    opsroom(["stores", "import", *paths], environment)
    settings = Settings.model_validate(
        {"environment": "test", "data_dir": data, "database_url": url, "secret_key": SECRET}
    )
    try:
        asyncio.run(jobs(engine, settings, environment, folder / "later.csv"))
    finally:
        if server:
            asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


async def jobs(engine: str, settings: Settings, environment: dict[str, str], later: Path) -> None:
    house = House(settings)
    try:
        await promise(house)
        await timed(house, engine, "stores.sweep", "first")
        await timed(house, engine, "stores.sweep", "again")
        await timed(house, engine, "stores.sla_breaches", "first")
        await timed(house, engine, "stores.sla_breaches", "again")
        await asyncio.to_thread(opsroom, ["stores", "import", "--status", str(later)], environment)
        await timed(house, engine, "stores.sweep", "three weeks later")
        await timed(house, engine, "stores.sla_statements", "first")
        await timed(house, engine, "stores.sla_statements", "again")
    finally:
        await house.database.close()


async def promise(house: House) -> None:
    async with house.database.transaction() as session:
        session.add(WebhookEndpoint(url="https://example.com/", events=["*"], secret=SECRET))
        for name, applies_to, window, days in (
            ("each", AppliesTo.EACH_STORE, SlaWindow.CALENDAR_MONTH, None),
            ("all", AppliesTo.WHOLE_SCOPE, SlaWindow.CALENDAR_MONTH, None),
            ("rolling", AppliesTo.EACH_STORE, SlaWindow.ROLLING, 30),
        ):
            terms = {"scope": Scope.ALL, "target": 0.99, "credits": [], "effective_from": JANUARY}
            session.add(SlaPolicy(name=name, applies_to=applies_to, window=window, rolling_days=days, **terms))


async def timed(house: House, engine: str, job_type: str, which: str) -> None:
    declared = house.queue.types[job_type]
    queue = JobQueue([declared])
    async with house.database.transaction() as session:
        job = await queue.add(session, job_type, declared.payload())
    begun, worked = time.perf_counter(), time.process_time()
    await Runtime(house.database, queue, house.metrics).run_until_idle()
    seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    async with house.database.transaction() as session:
        done = await session.get_one(type(job), job.id)
        told = done.result or done.error
    print(
        f"{engine} {job_type}, {which}: {seconds:.2f} s ({processor:.2f} s of processor): {str(told)[:150]}", flush=True
    )


if __name__ == "__main__":
    main()
