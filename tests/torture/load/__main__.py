"""Sixty-four connections for five minutes, while servers, workers and Redis are taken away; nothing may be lost.

    python -m tests.torture.load [--seconds 300] [--connections 64] [--seed 1] [--no-stop-redis]

Two `opsroom serve` and two `opsroom worker` on PostgreSQL and Redis, settings of production. Records are created,
changed, deleted, read and listed, files handed in, reports asked for and fetched. Both servers and both workers get
SIGKILL and come back; Redis is away for a quarter of the time. No answer may be a 5xx or wrong, no connection may break
but those of a server that was killed. Afterwards every answered write is there, every accepted job complete, once, and
on record; `opsroom audit reconcile` and `verify` find nothing. PostgreSQL is the server that OPSROOM_TEST_POSTGRES_URL
names, else one from the wheel. Ends with 1, naming what went wrong; the folder with the programs' logs is then kept.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from tests.redis_server import running_redis
from tests.torture.databases import administrator, scratch
from tests.torture.load.run import Load, Outcome, run_load
from tests.torture.wrong import WentWrong

console = Console(soft_wrap=True, highlight=False)


def main() -> int:
    asked = arguments()
    load = Load(asked.connections, asked.seconds, asked.seed, asked.stop_redis)
    folder = Path(tempfile.mkdtemp(prefix="opsroom-load-"))
    found: list[Exception] = []
    try:
        with administrator() as server, scratch("postgresql", folder, server) as url, running_redis(folder) as redis:
            tell(asyncio.run(run_load(url, redis, folder, load)))
    except* WentWrong as wrong:
        found.extend(wrong.exceptions)
    if found:
        console.print("\n".join(["WRONG", *map(str, found), f"The logs are in {folder}."]))
        return 1
    shutil.rmtree(folder)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1, help="of what the clerks do, and of the files")
    parser.add_argument("--stop-redis", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


def tell(outcome: Outcome) -> None:
    seen, counts = outcome.seen, outcome.counts
    console.print(", ".join(outcome.told))
    console.print(
        "\n| request | answers | p50 ms | p95 ms | p99 ms | longest ms |\n| --- | --- | --- | --- | --- | --- |"
    )
    for kind, number, percentiles in seen.lines():
        console.print(f"| {kind} | {number:,} | {' | '.join(f'{each:,.0f}' for each in percentiles)} |")
    rate = seen.answers / outcome.seconds
    statuses = ", ".join(f"{number:,} × {status}" for status, number in sorted(seen.statuses.items()))
    console.print(f"\n{seen.answers:,} answers in {outcome.seconds:.0f} s, {rate:.0f} a second: {statuses}")
    console.print(f"of killed servers: {seen.refused} connections refused, {seen.lost} answers lost")
    console.print(
        f"{counts['changes']:,} answered writes and {counts['jobs']:,} jobs ({counts['begun again']} begun again), all "
        f"accounted for; {counts['polls']:,} polls, {counts['entries']:,} entries of the trail"
    )


if __name__ == "__main__":
    sys.exit(main())
