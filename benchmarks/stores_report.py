"""S1 and S2: `opsroom stores report` on bare files against a process that only parses them.

    python benchmarks/stores_report.py [--rounds 7] [--big] [--folder FOLDER]

Both are whole processes, started in turn (A B A B ...); medians of wall clock, CPU seconds and peak memory. The floor
is a Python process that reads the same three files with Polars into typed columns (texts, timestamps, times) and ends.
S1: 14,092 stores, 1,822,080 polls. S2 (--big, in place of S1): ten times the stores and polls.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

GENERATOR = Path(__file__).with_name("generate_stores.py")
STORES, POLLS = 14_092, 1_822_080

FLOOR = """
import sys
import polars as pl
status, hours, zones = sys.argv[1:]
text = pl.String
pl.read_csv(status, schema={"store_id": text, "status": text, "timestamp_utc": text}).with_columns(
    pl.col("timestamp_utc").str.to_datetime("%Y-%m-%d %H:%M:%S%.f UTC", time_unit="us")
)
pl.read_csv(hours, schema={"store_id": text, "day": pl.Int8, "start_time_local": pl.Time, "end_time_local": pl.Time})
pl.read_csv(zones, schema={"store_id": text, "timezone_str": text})
"""


@dataclass(frozen=True)
class Ended:
    seconds: float
    cpu_seconds: float
    peak_megabytes: float


def run(arguments: list[str]) -> Ended:
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        to_file = [(os.POSIX_SPAWN_DUP2, said.fileno(), descriptor) for descriptor in (1, 2)]
        process = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=to_file)
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - begun
        if status:
            said.seek(0)
            code = os.waitstatus_to_exitcode(status)
            raise SystemExit(f"{' '.join(arguments)} ended with status {code}:\n{said.read().decode()}")
    return Ended(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def compare(folder: Path, rounds: int) -> None:
    status, hours, zones = (str(folder / name) for name in ("store_status.csv", "menu_hours.csv", "timezones.csv"))
    files = ["--status", status, "--hours", hours, "--zones", zones, "-o", str(folder / "report.csv")]
    report = [sys.executable, "-m", "opsroom", "stores", "report", *files]
    contenders = {
        "floor": [sys.executable, "-c", FLOOR, status, hours, zones],
        "strict": report,
        "classic": [*report, "--profile", "classic"],
    }
    ended: dict[str, list[Ended]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, arguments in contenders.items():
            ended[name].append(run(arguments))
    floor = _medians(ended["floor"])
    for name, results in ended.items():
        middle = _medians(results)
        print(
            f"  {name:8} {middle.seconds:7.3f} s ({middle.seconds / floor.seconds:4.2f} x)   "
            f"CPU {middle.cpu_seconds:7.3f} s ({middle.cpu_seconds / floor.cpu_seconds:4.2f} x)   "
            f"{middle.peak_megabytes:6.0f} MB"
        )


def _medians(results: list[Ended]) -> Ended:
    return Ended(
        statistics.median(result.seconds for result in results),
        statistics.median(result.cpu_seconds for result in results),
        max(result.peak_megabytes for result in results),
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description="The report on bare files against only parsing them.")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--big", action="store_true", help="S2, 18 million polls, in place of S1")
    arguments.add_argument("--folder", type=Path, help="keep and reuse the generated files here")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        base = given.folder or Path(temporary)
        sizes = {"S2": (STORES * 10, POLLS * 10)} if given.big else {"S1": (STORES, POLLS)}
        for name, (stores, polls) in sizes.items():
            # In a process of its own: the peak memory of a child includes that of the parent at its start.
            folder = base / f"{stores}_{polls}"
            if not (folder / "timezones.csv").exists():
                run([sys.executable, str(GENERATOR), str(folder), "--stores", str(stores), "--polls", str(polls)])
            print(f"{name}: {polls:,} polls of {stores:,} stores, medians of {given.rounds}, peak memory")
            compare(folder, given.rounds)


if __name__ == "__main__":
    main()
