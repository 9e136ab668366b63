"""D5: ten thousand simulated decisions under the independent checker, and a part of them made again.

Small operations drawn at random (one to twelve trucks of two kinds, windows, patience, skills, refusals, two depots,
open ends), each played for eight decisions by each policy in turn; what is decided rests on next to no search, as that
is when mistakes would show. A decision is made again from the JSON of its state and must be the same JSON.

    python benchmarks/dispatch_checked.py [--decisions 10000] [--again-every 10]
"""

import argparse
import os
import time
from collections import Counter

from generate_freight import operation
from opsroom.dispatch.planning.decision import Decision
from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.run import Step, run
from opsroom.dispatch.planning.situation import Situation

BUDGET = Budget(iterations=12)
TURNS = ("greedy", "lazy", "pfa", "cfa", "vfa", "best")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--decisions", type=int, default=10_000)
    arguments.add_argument("--again-every", type=int, default=10)
    asked = arguments.parse_args()
    made, again, routes = Counter[str](), 0, 0
    broken: list[str] = []
    begun = time.process_time()
    day = 0
    while made.total() < asked.decisions:
        name = TURNS[day % len(TURNS)]
        setting, orders = operation(day)
        for step in run(POLICIES[name], setting, orders, day, BUDGET):
            made[name] += 1
            routes += len(step.decision.routes)
            broken += [f"day {day}, {name}: {fault}" for fault in step.faults]
            if made.total() % asked.again_every == 0:
                again += 1
                broken += [f"day {day}, {name}: another decision"] if not repeated(step, name, day) else []
        day += 1
    told = ", ".join(f"{count} {name}" for name, count in made.items())
    print(f"{made.total()} decisions ({told}) with {routes} routes on {day} days")
    print(
        f"{len(broken)} violations; {again} decisions made again, in {time.process_time() - begun:.0f} s of processor"
    )
    print("\n".join(broken[:10]))
    print(f"target 0 violations, every replay identical; load {os.getloadavg()[0]:.1f}")
    raise SystemExit(bool(broken))


def repeated(step: Step, name: str, seed: int) -> bool:
    state = State.from_json(step.situation.state.to_json())
    other = POLICIES[name](Situation.of(state), BUDGET, seed)
    return Decision.from_json(step.decision.to_json()).to_json() == other.to_json()


if __name__ == "__main__":
    main()
