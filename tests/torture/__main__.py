"""Kill the server and its workers at random, again and again, and account for everything after each kill.

    python -m tests.torture [--kills 100] [--seed 1] [--database sqlite --database postgresql] [--no-scenarios]

Starts the real `opsroom serve` and `opsroom worker` on a scratch database, hands in files and asks for reports by
HTTP, and kills -9 server, worker or both at random moments. After each restart every accepted job must be complete,
once; every poll there, once; every report the one that the bare files give; every entry of the audit trail there.
Then the scenarios: two workers, a worker that stands still, the database away for ten seconds, a disk that is full
(a small tmpfs, for which it takes root; left out otherwise).
PostgreSQL is the server that OPSROOM_TEST_POSTGRES_URL names, else one from the wheel. Ends with 1, naming what went
wrong; the folder with the programs' logs is then kept.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from tests.conftest import DATABASES
from tests.torture.databases import administrator, scratch
from tests.torture.killing import Summary, kill_at_random
from tests.torture.scenarios import SCENARIOS
from tests.torture.small_disk import NotPermitted
from tests.torture.wrong import WentWrong

OUTAGE = 10.0  # seconds
console = Console(soft_wrap=True, highlight=False)
HEAD = (
    "database", "kills", "server", "worker", "both", "answers lost", "accepted", "jobs complete", "begun again",
    "attempts", "reports compared", "polls", "trail entries", "seconds",
)  # fmt: skip


def main() -> int:
    asked = arguments()
    rows = []
    with administrator() as server:
        for engine in asked.database or DATABASES:
            folder = Path(tempfile.mkdtemp(prefix=f"opsroom-torture-{engine}-"))
            try:
                with scratch(engine, folder, server) as url:
                    summary = asyncio.run(kill_at_random(url, folder, asked.kills, asked.seed, console.print))
                if asked.scenarios:
                    play_scenarios(engine, folder, server, asked.seed)
            except WentWrong as wrong:
                console.print(f"{engine}, seed {asked.seed}: WRONG\n{wrong}\nThe logs are in {folder}.")
                return 1
            shutil.rmtree(folder)
            rows.append(line(engine, summary))
    console.print("\n".join(["", cells(HEAD), cells(["---"] * len(HEAD)), *rows]))
    return 0


def play_scenarios(engine: str, folder: Path, server: str, seed: int) -> None:
    for name, scenario in SCENARIOS.items():
        place = folder / name.replace(" ", "_")
        place.mkdir()
        try:
            seen = scenario(engine, place, server, seed, OUTAGE)
        except NotPermitted as missing:
            seen = f"left out: {missing}"
        console.print(f"{engine}, {name}: {seen}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="on each database")
    parser.add_argument("--seed", type=int, default=1, help="of moments, victims and files")
    parser.add_argument("--database", action="append", choices=DATABASES, help="repeatable; default: both")
    parser.add_argument("--scenarios", action=argparse.BooleanOptionalAction, default=True, help="what else may happen")
    return parser.parse_args()


def line(engine: str, done: Summary) -> str:
    kills, counts = done.kills, done.counts
    return cells([
        engine, kills.total(), kills["server"], kills["worker"], kills["both"], done.lost, done.accepted,
        counts["jobs"], counts["begun again"], counts["attempts"], done.reports, f"{counts['polls']:,}",
        f"{counts['entries']:,}", f"{done.seconds:.0f}",
    ])  # fmt: skip


def cells(values: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, values))} |"


if __name__ == "__main__":
    sys.exit(main())
