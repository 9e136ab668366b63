"""A2: sealing, proofs and verification of a trail of a million entries, on both engines.

    python benchmarks/audit_sealing.py [--entries 1000000] [--only sqlite|postgresql]

Each in a database of its own. The floor beside sealing reads the same lines and hashes each once, keeping no tree. The
export is verified by the stand-alone script in a process of its own, the proof's time is that of the database reads and
the hashing together.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from opsroom.core.audit.sealed.exporting import write_export
from opsroom.core.audit.sealed.leaves import sealed_leaves
from opsroom.core.audit.sealed.lines import lines_after
from opsroom.core.audit.sealed.merkle import leaf_hash
from opsroom.core.audit.sealed.notes import Signer, signer_of
from opsroom.core.audit.sealed.one_proof import proof_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.audit.sealed.verification import verify
from opsroom.core.db.engine import Database
from stores_trigger import SECRET, database, execute, opsroom

A_TRANSACTION = 1000
PROOFS = 500


async def fill(database: Database, entries: int) -> None:
    """Through the view that events go through, a thousand in a transaction."""
    insert = text(
        "INSERT INTO audit_log (action, event, table_name, record_id, facts) "
        "VALUES ('access', 'benchmark.entry.written', 'orders', :record, :facts)"
    )
    for start in range(0, entries, A_TRANSACTION):
        rows = [
            {"record": f"{number:032x}", "facts": f'{{"before": {number}, "after": "{number + 1} of many"}}'}
            for number in range(start, min(start + A_TRANSACTION, entries))
        ]
        async with database.transaction() as session:
            await session.execute(insert, rows)


async def read_and_hash(database: Database) -> int:
    count = 0
    async with database.reading() as connection:
        async for lines in lines_after(connection, 0):
            for line in lines:
                leaf_hash(line.bytes())
            count += len(lines)
    return count


async def measure(database: Database, entries: int, signer: Signer, folder: Path) -> None:
    started = time.perf_counter()
    await fill(database, entries)
    print(f"written       {entries} entries in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    count = await read_and_hash(database)
    floor = time.perf_counter() - started
    print(f"floor         {count / floor:,.0f} lines/s read and hashed, {floor:.2f} s")
    started = time.perf_counter()
    sealed = await seal(database, [signer])
    took = time.perf_counter() - started
    print(f"sealing       {sealed.added / took:,.0f} leaves/s, {took:.2f} s, {took / floor:.2f} x the floor")
    async with database.reading() as connection:
        ids = [leaf.entry_id async for leaves in sealed_leaves(connection) for leaf in leaves]
        times = []
        for at in range(0, len(ids), max(1, len(ids) // PROOFS)):
            started = time.perf_counter()
            await proof_of(database, ids[at])
            times.append((time.perf_counter() - started) * 1000)
        slowest = statistics.quantiles(times, n=20)[-1]
        print(
            f"proof         p50 {statistics.median(times):.2f} ms, p95 {slowest:.2f} ms, longest {max(times):.2f} ms, "
            f"of {len(times)}"
        )
        started = time.perf_counter()
        verdict = await verify(connection, [signer.verifier_key])
        print(f"verify        {time.perf_counter() - started:.2f} s, {len(verdict.findings)} findings")
        started = time.perf_counter()
        await write_export(connection, folder / "trail")
        print(f"export        {time.perf_counter() - started:.2f} s")


def verify_offline(folder: Path, signer: Signer) -> None:
    script = [sys.executable, "-I", str(folder / "verify_trail.py"), str(folder), "--key", signer.verifier_key]
    started = time.perf_counter()
    subprocess.run(script, check=True)
    print(f"offline       {time.perf_counter() - started:.2f} s")


async def run(url: str, entries: int, folder: Path) -> None:
    database = Database(url)
    try:
        await measure(database, entries, signer_of(SECRET, "benchmark"), folder)
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for engine in [asked.only] if asked.only else ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as name:
            print(f"{engine}:")
            url, server = database(engine, Path(name))
            opsroom(["db", "migrate"], {**os.environ, "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET})
            try:
                asyncio.run(run(url, asked.entries, Path(name)))
            finally:
                if server:
                    asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))
            verify_offline(Path(name) / "trail", signer_of(SECRET, "benchmark"))


if __name__ == "__main__":
    main()
