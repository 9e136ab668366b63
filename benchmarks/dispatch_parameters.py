"""Parameters of looking ahead, tried on instances of the competition that are not judged: paired costs.

Every instance in the folder is played on the day of one seed, with the parameters as they are and with those asked
for; what is printed is the difference of each, and its mean with a 95 % interval. Iterations are no matter of the load.
Instances: github ortec/euro-neurips-vrp-2022-quickstart, `instances` (ORTEC, CC BY-NC 4.0), without those of `final`.

    python benchmarks/dispatch_parameters.py FOLDER [--iterations 4000] [--first 0] [--last 6]
        [--other-iterations 12000] [samples=30 keep_below=0.35 …]
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from opsroom.dispatch.planning.policies.consensus import Consensus, ConsensusParameters
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.scores import interval
from opsroom.dispatch.planning.yardstick.instance import read_instance
from opsroom.dispatch.planning.yardstick.play import play


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("parameters", nargs="*", help="name=value of what is tried")
    arguments.add_argument("--iterations", type=int, default=4000, help="of the solver in an epoch")
    arguments.add_argument("--other-iterations", type=int, help="the same for what is tried, if it differs")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--first", type=int, default=0, help="the first instance, by name …")
    arguments.add_argument("--last", type=int, default=6, help="… and the first that is left out")
    asked = arguments.parse_intermixed_args()
    present = Consensus()
    tried = Consensus(parameters_of(asked.parameters))
    print(f"tried: {tried.parameters}, {asked.other_iterations or asked.iterations} iterations an epoch", flush=True)
    differences = []
    for path in sorted(asked.folder.glob("*.txt"))[asked.first : asked.last]:
        instance = read_instance(path)
        before = play(instance, asked.seed, present, Budget(iterations=asked.iterations)).cost
        budget = Budget(iterations=asked.other_iterations or asked.iterations)
        after = play(instance, asked.seed, tried, budget).cost
        differences.append(100 * (after / before - 1))
        print(f"{path.stem:45}{before:9}{after:9}{differences[-1]:+8.2f} %", flush=True)
    found = interval(differences)
    print(f"mean {found.mean:+.2f} %, 95 % interval {found.low:+.2f} to {found.high:+.2f}, n = {found.observations}")


def parameters_of(given: list[str]) -> ConsensusParameters:
    kinds: dict[str, type[int | float]] = {name: type(value) for name, value in asdict(ConsensusParameters()).items()}
    named = dict(each.split("=", 1) for each in given)
    if unknown := named.keys() - kinds.keys():
        raise SystemExit(f"no such parameter: {', '.join(sorted(unknown))}; there are {', '.join(kinds)}")
    values: dict[str, Any] = {name: kinds[name](value) for name, value in named.items()}
    return replace(ConsensusParameters(), **values)


if __name__ == "__main__":
    main()
