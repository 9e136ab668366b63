"""D1, D2: dynamic problems of the EURO meets NeurIPS 2022 competition, by its rules and its random numbers.

Beside ours stand the published costs: hindsight (all requests known beforehand, routed once), the greedy baseline and
the winner. An epoch's limit was 120 s there; here it is what `--epoch-seconds` says, on the wall clock, for searches
on two threads. The instances are ORTEC's (CC BY-NC 4.0) and no part of the product: a folder with them is needed.

    python benchmarks/dispatch_yardstick.py [--epoch-seconds 10 | --iterations 4000] [--policy best]
        [--instances 19,43] [--data FOLDER]
"""

import argparse
import csv
import os
from pathlib import Path

from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.scores import interval
from opsroom.dispatch.planning.yardstick.instance import read_instance
from opsroom.dispatch.planning.yardstick.play import play

DATA = Path(__file__).parents[2] / "shared/data/dispatch/euro_neurips"
TARGETS = {10.0: (8.0, 4.2), 3.0: (10.0, 7.0)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--epoch-seconds", type=float, default=10.0)
    arguments.add_argument("--iterations", type=int, help="of the solver in an epoch, in the place of seconds")
    arguments.add_argument("--policy", default="best", choices=sorted(POLICIES))
    arguments.add_argument("--instances", help="numbers of the competition's problems, with commas; all, if left out")
    arguments.add_argument("--data", type=Path, default=DATA)
    asked = arguments.parse_args()
    if not (asked.data / "reference_costs.csv").exists():
        print(f"skipped: {asked.data} holds no reference_costs.csv; give its folder with --data")
        return
    problems = chosen(asked.data, asked.instances)
    budget = Budget(iterations=asked.iterations) if asked.iterations else Budget(seconds=asked.epoch_seconds)
    told = f"{asked.iterations} iterations" if asked.iterations else f"{asked.epoch_seconds:g} s"
    print(f"{asked.policy}, {told} an epoch, load {os.getloadavg()[0]:.1f}; percent over hindsight")
    print("   nr     cost    ours  greedy  winner  longest epoch")
    found: dict[str, list[float]] = {"ours": [], "baseline_greedy": [], "Kleopatra": []}
    for row in problems:
        instance = read_instance(asked.data / row["instance"])
        day = play(instance, int(row["instance_seed"]), POLICIES[asked.policy], budget)
        costs = row | {"ours": str(day.cost)}
        for name, values in found.items():
            values.append(100 * (float(costs[name]) / float(row["hindsight"]) - 1))
        longest = max(epoch.seconds for epoch in day.epochs)
        cells = "".join(f"{values[-1]:8.2f}" for values in found.values())
        print(f"{row['nr']:>5}{day.cost:9}{cells}{longest:9.2f} s", flush=True)
    for name, values in found.items():
        mean = interval(values)
        print(f"{name:16} mean {mean.mean:6.2f} %, 95 % interval {mean.low:.2f} to {mean.high:.2f}, n = {len(values)}")
    if asked.epoch_seconds in TARGETS and not asked.iterations:
        target, beyond = TARGETS[asked.epoch_seconds]
        print(f"target {target} %, beyond {beyond} %; load at the end {os.getloadavg()[0]:.1f}")


def chosen(folder: Path, numbers: str | None) -> list[dict[str, str]]:
    with (folder / "reference_costs.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    wanted = None if numbers is None else set(numbers.split(","))
    return [row for row in rows if wanted is None or row["nr"] in wanted]


if __name__ == "__main__":
    main()
