"""R5: a million records out over HTTP as CSV, beside sqladmin's export.

    python benchmarks/export_million.py [--rows 1000000] [--engine postgresql|sqlite] [--rounds 3]
                                        [--postgres URL] [--folder FOLDER] [--environments FOLDER]

`opsroom serve` and sqladmin (installed into an environment of its own), each one process on a database of its own with
the same rows, loaded past the trail: first a tenth of them, then all. For each size both servers are started anew, and
the largest resident set is printed, before the export and after it: constant memory means that a million take what a
tenth takes. A tenth is asked for --rounds times in turn and the median of the ratios told; all of them once. The files
are compared: the same records. NDJSON, and a tenth as XLSX, go out once each, without a peer.
"""

import argparse
import csv
import statistics
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from audit_cost import server_at
from harness.ours import Ours, many_stores, prepare, scratch, serving, tell
from harness.peer_table import copy_table
from harness.servers import environment, free_port, peak_memory, running, versions

PEERS = Path(__file__).parent / "peers"
REQUIREMENTS = ("sqladmin", "fastapi", "sqlalchemy[asyncio]", "asyncpg", "aiosqlite", "greenlet", "uuid-utils",
                "uvicorn[standard]", "itsdangerous")  # fmt: skip
TARGET = 5
MEGABYTE = 1 << 20
COMPARED = ("id", "external_id", "name", "group")


@dataclass(frozen=True, slots=True)
class Peer:
    python: Path
    url: str
    log: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=["postgresql", "sqlite"])
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
            exports(engine, server, folder, asked.rows, asked.rounds, python)


def exports(engine: str, server: str, folder: Path, rows: int, rounds: int, python: Path) -> None:
    with scratch(engine, server, folder, "ours") as url, scratch(engine, server, folder, "peer") as other:
        settings = prepare(url, folder / f"data-{engine}")
        there = 0
        for count, times in ((rows // 10, rounds), (rows, 1)):
            many_stores(url, count, there)
            copy_table(url, other)
            beside_sqladmin(engine, settings, Peer(python, peer_url(other), folder / "sqladmin.log"), count, times)
            alone(engine, settings, "xlsx" if count < rows else "ndjson", count, folder / "out")
            there = count


def alone(engine: str, settings: dict[str, str], kind: str, rows: int, path: Path) -> None:
    with serving(settings) as ours:
        seconds = fetch(export_url(ours, kind), ours.headers, path)
        tell(engine, rows, f"out, {kind}", seconds, peak_memory(ours.pid))


def beside_sqladmin(name: str, settings: dict[str, str], peer: Peer, rows: int, rounds: int) -> None:
    port, folder = free_port(), peer.log.parent
    options = ("-m", "uvicorn", "--no-access-log", "--app-dir", PEERS, "--port", str(port), "sqladmin_export:app")
    took: tuple[list[float], list[float]] = ([], [])
    started = running([peer.python, *options], port, {"PEER_DATABASE_URL": peer.url}, peer.log)
    with serving(settings) as ours, started as pid:
        before = [peak_memory(each) / MEGABYTE for each in (ours.pid, pid)]
        mine, theirs = folder / "ours.csv", folder / "theirs.csv"
        for turn in range(rounds):
            for which in (0, 1) if turn % 2 else (1, 0):
                if which:
                    seconds = fetch(f"http://127.0.0.1:{port}/admin/store/export/csv", {}, theirs)
                else:
                    seconds = fetch(export_url(ours, "csv"), ours.headers, mine)
                took[which].append(seconds)
        same(mine, theirs, rows)
        after = [peak_memory(each) / MEGABYTE for each in (ours.pid, pid)]
    ratio = statistics.median(b / a for a, b in zip(*took, strict=True))
    told = (
        f"{statistics.median(seconds):6.1f} s, peak {most:5.0f} MB ({least:.0f} before)"
        for seconds, least, most in zip(took, before, after, strict=True)
    )
    both = "   sqladmin ".join(told)
    print(f"{name:11}{rows:10,} rows out, csv: {both}   {ratio:.1f} x (target {TARGET})", flush=True)


def export_url(ours: Ours, kind: str) -> str:
    return f"http://127.0.0.1:{ours.port}/api/v1/stores/export?as={kind}"


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
