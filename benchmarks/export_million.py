"""R5: a million records out over HTTP as CSV, beside sqladmin's export; and a million in.

    python benchmarks/export_million.py [--rows 1000000] [--engine postgresql|sqlite] [--rounds 3] [--without-import]
                                        [--postgres URL] [--folder FOLDER] [--environments FOLDER]

`opsroom serve` and sqladmin (installed into an environment of its own), each one process on a database of its own with
the same rows. Each server is started anew for a tenth of the rows and for all of them; the largest resident set it had
is printed beside the time: constant memory means that the two are alike. Both files are compared: the same records.
Then the exported file goes into an empty database over HTTP, with the trail on: a job, since the file is large.
"""

import argparse
import csv
import statistics
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from audit_cost import server_at
from harness.ours import Ours, many_stores, prepare, scratch, serving
from harness.peer_table import copy_table
from harness.servers import environment, free_port, peak_memory, running, versions

PEERS = Path(__file__).parent / "peers"
REQUIREMENTS = ("sqladmin", "fastapi", "sqlalchemy[asyncio]", "asyncpg", "aiosqlite", "greenlet", "uuid-utils",
                "uvicorn[standard]", "itsdangerous")  # fmt: skip
TARGET = 5
MEGABYTE = 1 << 20
COMPARED = ("id", "external_id", "name", "group")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"])
    parser.add_argument("--without-import", action="store_true")
    parser.add_argument("--postgres", help="URL of a server on which scratch databases may be made")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "opsroom-peers")
    asked = parser.parse_args()
    python = environment(asked.environments, "sqladmin_export", REQUIREMENTS)
    print(versions(python, ("sqladmin", "fastapi", "sqlalchemy")))
    with tempfile.TemporaryDirectory(dir=asked.folder) as name, ExitStack() as stack:
        folder = Path(name)
        wanted = [asked.engine] if asked.engine else ["postgresql", "sqlite"]
        server = stack.enter_context(server_at(asked.postgres, folder / "pg")) if "postgresql" in wanted else ""
        for engine in wanted:
            for rows in (asked.rows // 10, asked.rows):
                exports(engine, server, folder, rows, asked.rounds, python)
            if not asked.without_import:
                for rows in (asked.rows // 10, asked.rows):
                    imports(engine, server, folder, rows)


def exports(engine: str, server: str, folder: Path, rows: int, rounds: int, python: Path) -> None:
    with scratch(engine, server, folder, f"ours{rows}") as url, scratch(engine, server, folder, f"peer{rows}") as other:
        settings = prepare(url, folder / f"data-{engine}-{rows}")
        many_stores(url, rows)
        copy_table(url, other)
        port, log = free_port(), folder / "sqladmin.log"
        command: list[str | Path] = [
            python,
            "-m",
            "uvicorn",
            "--no-access-log",
            "--app-dir",
            PEERS,
            "--port",
            str(port),
        ]
        peer = {"PEER_DATABASE_URL": peer_url(other)}
        took: tuple[list[float], list[float]] = ([], [])
        with serving(settings) as ours, running([*command, "sqladmin_export:app"], port, peer, log) as pid:
            mine, theirs = folder / "ours.csv", folder / "theirs.csv"
            for turn in range(rounds):
                for which in (0, 1) if turn % 2 else (1, 0):
                    if which:
                        seconds = fetch(f"http://127.0.0.1:{port}/admin/store/export/csv", {}, theirs)
                    else:
                        path = f"http://127.0.0.1:{ours.port}/api/v1/stores/export?as=csv"
                        seconds = fetch(path, ours.headers, mine)
                    took[which].append(seconds)
            same(mine, theirs, rows)
            memory = [peak_memory(each) / MEGABYTE for each in (ours.pid, pid)]
        ratio = statistics.median(b / a for a, b in zip(*took, strict=True))
        fastest = [statistics.median(each) for each in took]
        print(
            f"{engine:11} {rows:9,} rows out: {fastest[0]:6.1f} s, peak {memory[0]:5.0f} MB   "
            f"sqladmin {fastest[1]:6.1f} s, peak {memory[1]:5.0f} MB   {ratio:.1f} x (target {TARGET})",
            flush=True,
        )


def imports(engine: str, server: str, folder: Path, rows: int) -> None:
    path = folder / "in.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", "name", "zone", "group"])
        writer.writerows([f"store-{n:08}", f"Store number {n}", "Europe/Rome", f"g{n % 10}"] for n in range(rows))
    with scratch(engine, server, folder, f"in{rows}") as url:
        settings = prepare(url, folder / f"data-in-{engine}-{rows}", jobs=True) | {
            "OPSROOM_LONG_STATEMENT_TIMEOUT": "3600"
        }
        with serving(settings) as ours:
            begun = time.perf_counter()
            with path.open("rb") as file:
                job = ours.ask("POST", "/api/v1/stores/import", file.read(), "text/csv")["job_id"]
            result = ended(ours, job)
            seconds = time.perf_counter() - begun
            memory = peak_memory(ours.pid) / MEGABYTE
            ours.sign_in()
            there = ours.ask("GET", "/api/v1/stores?size=1")["total"]
        if result["created"] != rows or there != rows:
            raise SystemExit(f"{there} records are there: {result}")
    print(f"{engine:11} {rows:9,} rows in:  {seconds:6.1f} s, peak {memory:5.0f} MB, trail and all", flush=True)


def ended(ours: Ours, job: str) -> dict[str, int]:
    while True:
        time.sleep(1)
        ours.sign_in()
        found = ours.ask("GET", f"/api/v1/jobs/{job}")
        if found["status"] in {"complete", "failed", "cancelled"}:
            if found["status"] != "complete":
                raise SystemExit(str(found))
            result: dict[str, int] = found["result"]
            return result


def fetch(url: str, headers: dict[str, str], path: Path) -> float:
    begun = time.perf_counter()
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  our own servers
    with urllib.request.urlopen(request, timeout=3600) as answer, path.open("wb") as file:  # noqa: S310  as above
        while piece := answer.read(MEGABYTE):
            file.write(piece)
    return time.perf_counter() - begun


def same(mine: Path, theirs: Path, rows: int) -> None:
    """The same records, in whatever order.

    Raises:
        SystemExit: they are not.
    """
    found = [records(path) for path in (mine, theirs)]
    if len(found[0]) != rows or found[0] != found[1]:
        raise SystemExit(f"the files differ: {len(found[0])} and {len(found[1])} records of {rows}")


def records(path: Path) -> set[int]:
    with path.open(newline="") as file:
        return {hash(tuple(row[name].replace("-", "") for name in COMPARED)) for row in csv.DictReader(file)}


def peer_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://").replace("sqlite://", "sqlite+aiosqlite://")


if __name__ == "__main__":
    main()
