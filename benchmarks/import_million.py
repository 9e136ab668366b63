"""R5: a million records in over HTTP, as CSV and NDJSON, with the trail on.

    python benchmarks/import_million.py [--rows 1000000] [--whole] [--engine postgresql|sqlite] [--postgres URL]
                                        [--folder FOLDER]

Files go into empty databases by a job, since they are large: of a tenth of the records, CSV and NDJSON, each as a
trial, which leaves nothing, and for good; of all of them, CSV for good, and with --whole the other three too. A job
reads a file twice: it looks it through while others may write, and writes it then in one transaction. The server, which
runs the job itself, is started anew for each; its largest resident set is printed: constant memory means that a million
take what a tenth takes.
"""

import argparse
import csv
import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from audit_cost import server_at
from harness.ours import Ours, prepare, scratch, serving, tell
from harness.servers import peak_memory

MEDIA_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--whole", action="store_true", help="a million of each kind, as a trial too")
    parser.add_argument("--engine", choices=["postgresql", "sqlite"])
    parser.add_argument("--postgres", help="URL of a server on which scratch databases may be made")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name, ExitStack() as stack:
        folder = Path(name)
        wanted = [asked.engine] if asked.engine else ["postgresql", "sqlite"]
        server = stack.enter_context(server_at(asked.postgres, folder / "pg")) if "postgresql" in wanted else ""
        for engine in wanted:
            imports(engine, server, folder, asked.rows, whole=asked.whole)


def imports(engine: str, server: str, folder: Path, rows: int, *, whole: bool) -> None:
    """A trial leaves nothing; what a real one wrote is another database's."""
    for kind in MEDIA_TYPES:
        for count in (rows // 10, rows) if whole or kind == "csv" else (rows // 10,):
            path = folder / f"in.{kind}"
            write_file(path, kind, count)
            with scratch(engine, server, folder, f"in-{kind}-{count}") as url:
                settings = prepare(url, folder / f"data-in-{engine}-{kind}-{count}", jobs=True)
                for dry_run in (True, False):
                    if whole or count < rows or not dry_run:
                        with serving(settings | {"OPSROOM_LONG_STATEMENT_TIMEOUT": "3600"}) as ours:
                            take_in(engine, ours, path, kind, count, dry_run=dry_run)


def write_file(path: Path, kind: str, rows: int) -> None:
    names = ["external_id", "name", "zone", "group"]
    records = ([f"store-{n:08}", f"Store number {n}", "Europe/Rome", f"g{n % 10}"] for n in range(rows))
    with path.open("w", newline="") as file:
        if kind == "csv":
            csv.writer(file).writerows([names, *records])
        else:
            file.writelines(json.dumps(dict(zip(names, each, strict=True))) + "\n" for each in records)


def take_in(engine: str, ours: Ours, path: Path, kind: str, rows: int, *, dry_run: bool) -> None:
    begun = time.perf_counter()
    asked = f"/api/v1/stores/import?dry_run={str(dry_run).lower()}"
    with path.open("rb") as file:
        job = ours.ask("POST", asked, file.read(), MEDIA_TYPES[kind])
    result = ended(ours, job["job_id"]) if "job_id" in job else job
    seconds = time.perf_counter() - begun
    there = ours.ask("GET", "/api/v1/stores?size=1")["total"]
    if result["created"] != rows or there != (0 if dry_run else rows):
        raise SystemExit(f"{there} records are there: {result}")
    tell(engine, rows, f"in, {kind}, {'trial' if dry_run else 'for good'}", seconds, peak_memory(ours.pid))


def ended(ours: Ours, job: str) -> dict[str, int]:
    while True:
        time.sleep(0.5)
        found = ours.ask("GET", f"/api/v1/jobs/{job}")
        if found["status"] in {"succeeded", "failed", "cancelled"}:
            if found["status"] != "succeeded":
                raise SystemExit(str(found))
            result: dict[str, int] = found["result"]
            return result


if __name__ == "__main__":
    main()
