"""What archives of old polls cost: the move, the bytes, and a report that reaches back.

    python benchmarks/stores_archive.py [--stores 14092] [--polls 1822080] [--files FOLDER] [--only sqlite|postgresql]

The three generated files are imported, and one poll of seven weeks later, so that their months are over. Then, each as
a process of its own, with its wall time and the peak of its memory: the availability of every store in the days of the
polls, and in the latest day, which no archive has anything of; `opsroom stores roll-off --keep-days 1`; the same two
questions again, whose answers must be the same bytes. PostgreSQL is the server that OPSROOM_TEST_POSTGRES_URL names,
else one from the wheel.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy.engine import make_url

from opsroom.core.db.engine import Database
from opsroom.core.db.frames import Read, read_frames
from stores_trigger import FILES, GENERATOR, SECRET, database, execute, opsroom

KIB_PER_MB = 1_000
LATER = "store_id,timestamp_utc,status\nlater,{at:%Y-%m-%d} 12:00:00 UTC,active\n"


@dataclass(frozen=True)
class Ran:
    output: bytes
    seconds: float
    cpu_seconds: float
    peak_mb: int


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = given.files or folder
        if given.files is None:
            sizes = ["--stores", str(given.stores), "--polls", str(given.polls)]
            subprocess.run([sys.executable, GENERATOR, folder, *sizes], check=True)
        for engine in [given.only] if given.only else ["postgresql", "sqlite"]:
            measure(engine, folder, files)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What archives of old polls cost.")
    parser.add_argument("--stores", type=int, default=14_092)
    parser.add_argument("--polls", type=int, default=1_822_080)
    parser.add_argument("--files", type=Path, help="a folder that generate_stores.py wrote before")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    return parser.parse_args()


def measure(engine: str, folder: Path, files: Path) -> None:
    url, server = database(engine, folder)
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": url,
        "OPSROOM_DATA_DIR": str(folder / f"{engine}_data"),
        "OPSROOM_SECRET_KEY": SECRET,
        "OPSROOM_LONG_STATEMENT_TIMEOUT": "3600",
    }
    first, last = span(files / FILES["status"])
    later = folder / "later.csv"
    later.write_text(LATER.format(at=last + timedelta(weeks=7)))
    opsroom(["db", "migrate"], environment)
    paths = [part for kind, name in FILES.items() for part in (f"--{kind}", str(files / name))]
    opsroom(["stores", "import", *paths], environment)
    opsroom(["stores", "import", "--status", str(later)], environment)
    past = ["stores", "uptime", "--from", f"{first:%Y-%m-%dT00:00:00Z}", "--to", f"{last:%Y-%m-%dT00:00:00Z}", "--json"]
    latest = ["stores", "uptime", "--window", "last_24h", "--json"]
    before = [run(past, environment), run(latest, environment)]
    moved = run(["stores", "roll-off", "--keep-days", "1"], environment)
    after = [run(past, environment), run(latest, environment)]
    if [each.output for each in before] != [each.output for each in after]:
        raise SystemExit("the answers differ")
    show(engine, url, before, moved, after)
    if server:
        asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


def show(engine: str, url: str, before: list[Ran], moved: Ran, after: list[Ran]) -> None:
    sums = "CAST(sum(polls) AS bigint) AS polls, CAST(sum(size_bytes) AS bigint) AS bytes, count(*) AS files"
    read = Read(f"SELECT {sums} FROM observation_archives", ("polls", "bytes", "files"), integers=True)
    (kept,) = read_frames(Database(url), [read])
    polls, size, files = kept.row(0)
    print(f"{engine}: {polls:,} polls in {files} files, {size / polls:.2f} bytes a poll")
    print(f"  roll-off {told(moved)}")
    for name, was, then in zip(("the days of the polls", "the latest day"), before, after, strict=True):
        print(f"  {name}: in the table {told(was)}; archived {told(then)}")


def told(ran: Ran) -> str:
    return f"{ran.seconds:.2f} s ({ran.cpu_seconds:.2f} s of processor), {ran.peak_mb} MB"


def span(status: Path) -> tuple[date, date]:
    at = pl.col("timestamp_utc").str.head(10).str.to_date()
    found = pl.scan_csv(status).select(first=at.min(), last=at.max()).collect(engine="streaming")
    first, last = found.row(0)
    return first, last


def run(arguments: list[str], environment: dict[str, str]) -> Ran:
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([sys.executable, "-m", "opsroom", *arguments], env=environment, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        if status:
            raise SystemExit(f"{' '.join(arguments)} ended with {status}")
        output.seek(0)
        return Ran(output.read(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // KIB_PER_MB)


if __name__ == "__main__":
    main()
