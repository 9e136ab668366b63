"""D3: static problems in 30 s, against the best costs known: ORTEC n303 (time windows) and X-n502 (capacity).

Whole work: file to routes by the planner that decisions use, on two threads; the routes are checked independently.

    python benchmarks/dispatch_static.py [--seconds 30] [--rounds 3] [--data FOLDER]
"""

import argparse
import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from opsroom.dispatch.planning.problem import Order, Place, State, Vehicle
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.planner import plan_routes
from opsroom.dispatch.planning.routing.task import Budget, RoutingProblem, Task
from opsroom.dispatch.planning.travel import TravelMatrix
from opsroom.dispatch.planning.yardstick.instance import read_instance

DATA = Path(__file__).parents[2] / "shared/data/dispatch/static"
PROBLEMS = {"ORTEC-VRPTW-ASYM-665fce39-d1-n303-k19": (1.5, 1.0), "X-n502-k39": (0.25, None)}
RATE = 10  # cents a thousand metres: one unit of the solver's money a metre
NEVER = 2**30


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=30.0)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--data", type=Path, default=DATA)
    asked = arguments.parse_args()
    if not asked.data.is_dir():
        print(f"skipped: {asked.data} is no folder; give the problems' folder with --data")
        return
    for name, (target, beyond) in PROBLEMS.items():
        known = best_known(asked.data / f"{name}.sol")
        state, travel = READERS[name[:1]](asked.data, name)
        gaps = [100 * (solved(state, travel, asked.seconds, seed) / known - 1) for seed in range(asked.rounds)]
        told = ", ".join(f"{gap:.2f}" for gap in gaps)
        print(
            f"{name:40} {statistics.median(gaps):6.2f} % over {known} in {asked.seconds:g} s (each: {told}); "
            f"target {target} %, beyond {beyond}; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


def solved(state: State, travel: TravelMatrix, seconds: float, seed: int) -> int:
    """Metres (driving seconds for ORTEC's) of the plan."""
    tasks = tuple(map(Task, state.orders))
    problem = RoutingProblem(tasks, state.vehicles, travel, state.departure)
    begun = time.perf_counter()
    routes = plan_routes(problem, Budget(seconds=seconds), seed, lambda found: violations(state, travel, found))
    took = time.perf_counter() - begun
    if len([key for route in routes for key in route.orders]) != len(state.orders):
        raise SystemExit("the plan leaves orders out")
    if took > seconds + 1:
        print(f"took {took:.1f} s")
    return sum(route.metres for route in routes)


def ortec(folder: Path, name: str) -> tuple[State, TravelMatrix]:
    instance = read_instance(folder / f"{name}.txt")
    places = [Place(str(node)) for node in range(instance.customers + 1)]
    rows = range(1, instance.customers + 1)
    orders = tuple(
        Order(
            str(node), places[0], places[node], int(instance.demand[node]), service=int(instance.service[node]),
            earliest=int(instance.window[node, 0]), latest=int(instance.window[node, 1]),
        )
        for node in rows
    )  # fmt: skip
    drive = TravelMatrix({place.key: row for row, place in enumerate(places)}, instance.drive, instance.drive)
    return State(0, orders, (fleet(places[0], instance.capacity, instance.closing),)), drive


def cvrplib(folder: Path, name: str) -> tuple[State, TravelMatrix]:
    text = (folder / f"{name}.vrp").read_text()
    capacity = int(re.findall(r"CAPACITY\s*:\s*(\d+)", text)[0])
    at = np.array(section(text, "NODE_COORD_SECTION", "DEMAND_SECTION"), dtype=float)[:, 1:]
    demand = [int(row[1]) for row in section(text, "DEMAND_SECTION", "DEPOT_SECTION")]
    metres = np.rint(np.hypot(*(at[:, None] - at[None, :]).transpose(2, 0, 1))).astype(np.int64)
    places = [Place(str(node)) for node in range(len(at))]
    orders = tuple(Order(str(node), places[0], places[node], demand[node]) for node in range(1, len(at)))
    travel = TravelMatrix({place.key: row for row, place in enumerate(places)}, metres, metres)
    return State(0, orders, (fleet(places[0], capacity, NEVER),)), travel


READERS: dict[str, Callable[[Path, str], tuple[State, TravelMatrix]]] = {"O": ortec, "X": cvrplib}


def section(text: str, begin: str, end: str) -> list[list[str]]:
    lines = text.split(begin)[1].split(end, maxsplit=1)[0].strip().splitlines()
    return [line.split() for line in lines]


def fleet(depot: Place, capacity: int, until: int) -> Vehicle:
    return Vehicle("fleet", "van", depot, depot, capacity, until=until, per_km=RATE, count=2**20)


def best_known(path: Path) -> int:
    return int(float(re.findall(r"Cost\s*:?\s*([\d.]+)", path.read_text())[0]))


if __name__ == "__main__":
    main()
