"""Two dispatchers race for trucks and orders; see `tests.dispatch.racing`.

    python -m tests.torture.dispatchers [--rounds 500] [--database sqlite --database postgresql]

Ends with 1, naming what went wrong.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from tests.conftest import DATABASES
from tests.dispatch.racing import race
from tests.torture.databases import administrator, scratch

console = Console(soft_wrap=True, highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500, help="on each database")
    parser.add_argument("--database", action="append", choices=DATABASES, help="repeatable; default: both")
    asked = parser.parse_args()
    with administrator() as server:
        for engine in asked.database or DATABASES:
            folder = Path(tempfile.mkdtemp(prefix=f"opsroom-race-{engine}-"))
            try:
                with scratch(engine, folder, server) as url:
                    outcomes = asyncio.run(race(url, asked.rounds))
            except AssertionError as wrong:
                console.print(f"{engine}: WRONG\n{wrong}")
                return 1
            finally:
                shutil.rmtree(folder)
            console.print(f"{engine}: {asked.rounds} rounds, {dict(outcomes)}; nothing was sent twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
