"""G1: how long people wait for the program to say something.

    python benchmarks/starting.py [--rounds N]

Prints the median of several rounds: `opsroom --help` beside a Python that does nothing; `opsroom serve` until
`/livez` answers; a second `opsroom demo` (what `make run` calls) until the sign-in page is there.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

PORT = 8765
OPSROOM = [sys.executable, "-m", "opsroom"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "OPSROOM_DATA_DIR": folder,
            "OPSROOM_PORT": str(PORT),
            "OPSROOM_LOG_LEVEL": "ERROR",
        }
        nothing = median(rounds, lambda: seconds_of([sys.executable, "-c", "pass"], environment))
        helped = median(rounds, lambda: seconds_of([*OPSROOM, "--help"], environment))
        print(f"opsroom --help            {helped:.2f} s   (target 0.4; a Python that does nothing: {nothing:.2f})")
        first_demo(environment, Path(folder))
        served = median(rounds, lambda: seconds_until([*OPSROOM, "serve"], "/livez", environment))
        print(f"opsroom serve to /livez   {served:.2f} s   (target 3)")
        again = median(rounds, lambda: seconds_until([*OPSROOM, "demo"], "/console/sign-in", environment))
        print(f"second start to a page    {again:.2f} s   (target 6)")


def median(rounds: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(rounds))


def seconds_of(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


def seconds_until(command: list[str], path: str, environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            while not answers(path):
                time.sleep(0.01)
            return time.perf_counter() - begun
        finally:
            server.terminate()


def first_demo(environment: dict[str, str], folder: Path) -> None:
    """Set up and load the demonstration data, so that the next start is a second one."""
    seconds_until([*OPSROOM, "demo"], "/console/sign-in", environment)
    if not (folder / "opsroom.db").exists():
        raise SystemExit("the first start made no database")


def answers(path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


if __name__ == "__main__":
    main()
