"""D4: a hundred orders and twenty trucks out of Nairobi: how soon there is a plan, and how good it is after 10 s.

Beside ours stand PyVRP, OR-Tools and VROOM alone, with the same orders, trucks, roads and costs; every plan is checked
and costed by our independent checker. OR-Tools is installed into an environment of its own (build/peers) when it is
not there. Ours and PyVRP's have two threads and one; OR-Tools and VROOM take what they take.

    python benchmarks/dispatch_plan.py [--seconds 10] [--problems 3] [--first-plans 20]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import venv
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyvrp
import pyvrp.stop

from opsroom.dispatch.planning.decision import Route
from opsroom.dispatch.planning.problem import Order, Place, State, Vehicle
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.model import build
from opsroom.dispatch.planning.routing.planner import plan_routes
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.solver import as_plan
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Task, Tour, Visit
from opsroom.dispatch.planning.routing.vroom_start import vroom_plan
from opsroom.dispatch.planning.situation import Situation

PEERS = Path(__file__).parents[1] / "build/peers/ortools"
CITIES = {
    "Nairobi": (-1.2921, 36.8219), "Nakuru": (-0.3031, 36.08), "Eldoret": (0.5143, 35.2698),
    "Kitale": (1.0157, 35.0062), "Kisumu": (-0.0917, 34.768), "Naivasha": (-0.7167, 36.4359),
}  # fmt: skip
HOUR = 3600
TRUCKS = {
    "5t": (5000, 25_000, 200_000, 4000),
    "10t": (10_000, 50_000, 300_000, 5500),
    "28t": (28_000, 90_000, 600_000, 9000),
}
"""Kilograms, litres, fixed cents, cents a kilometre."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--problems", type=int, default=3)
    arguments.add_argument("--first-plans", type=int, default=20)
    asked = arguments.parse_args()
    soonest(asked.first_plans, 100, 20)
    soonest(3, 1000, 20)
    soonest(3, 1000, 200)
    sides: dict[str, Callable[[State, RoutingProblem, float], Plan | tuple[Route, ...]]] = {
        "ours": ours, "PyVRP": pyvrp_alone, "OR-Tools": ortools_alone, "VROOM": vroom_alone,
    }  # fmt: skip
    costs: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(asked.problems):
        state = kenya(number, 100, 20)
        problem = problem_of(state)
        for name, solve in sides.items():
            begun = time.perf_counter()
            costs[name].append(cost(state, problem, solve(state, problem, asked.seconds)))
            took = time.perf_counter() - begun
            print(f"problem {number}: {name:9} {costs[name][-1] / 1000:9.1f} thousand KES in {took:5.1f} s", flush=True)
    for name, found in costs.items():
        ratio = statistics.fmean(one / other for one, other in zip(found, costs["ours"], strict=True))
        print(f"{name:9} {statistics.fmean(found) / 1000:9.1f} thousand KES, {100 * (ratio - 1):+.2f} % to ours")
    print(f"load {os.getloadavg()[0]:.1f}")


def soonest(times: int, orders: int, trucks: int) -> None:
    """How long the planner takes when it is given next to no time."""
    took = []
    for number in range(times):
        state = kenya(1000 + number, orders, trucks)
        problem = problem_of(state)
        begun = time.perf_counter()
        routes = ours(state, problem, 0.01)
        took.append(time.perf_counter() - begun)
        if not routes:
            raise SystemExit("there is no plan")
    print(
        f"first plan of {orders} orders, {trucks} trucks: median {statistics.median(took):.2f} s, "
        f"longest of {times} {max(took):.2f} s; target 1 s; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def kenya(seed: int, many: int, trucks: int) -> State:
    """Orders from a depot in Nairobi to places around the cities, half of them with windows of four hours."""
    generator = np.random.default_rng([2026, seed])
    depot = Place("depot", *CITIES["Nairobi"], "Nairobi")
    orders = []
    for number in range(many):
        city = list(CITIES)[int(generator.integers(len(CITIES)))]
        latitude, longitude = np.array(CITIES[city]) + generator.normal(0, 0.12, 2)
        opens = int(generator.integers(9, 16)) * HOUR if generator.random() < 0.5 else 0
        orders.append(
            Order(
                f"O-{number}", depot, Place(f"P-{number}", float(latitude), float(longitude), city),
                weight=int(generator.integers(200, 2500)), volume=int(generator.integers(500, 8000)),
                earliest=opens, latest=opens + 4 * HOUR if opens else 30 * HOUR, service=20 * 60,
            )
        )  # fmt: skip
    kinds = list(TRUCKS.items())
    fleet = []
    for number in range(trucks):
        kind, (weight, volume, fixed, per_km) = kinds[number % len(kinds)]
        fleet.append(
            Vehicle(
                f"K-{number}", kind, depot, depot, weight, volume, until=36 * HOUR, fixed=fixed, per_km=per_km,
                per_hour=30_000,
            )
        )  # fmt: skip
    return State(0, tuple(orders), tuple(fleet))


def problem_of(state: State) -> RoutingProblem:
    travel = Situation.of(state).travel
    prize = 10**8  # cents; leaving an order out is never worth it
    return RoutingProblem(tuple(Task(order, prize=prize) for order in state.orders), state.vehicles, travel, 0)


def ours(state: State, problem: RoutingProblem, seconds: float) -> tuple[Route, ...]:
    return plan_routes(problem, Budget(seconds=seconds), 0, lambda found: violations(state, problem.travel, found))


def pyvrp_alone(_state: State, problem: RoutingProblem, seconds: float) -> Plan:
    model = build(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return as_plan(model, pyvrp.solve(model.data, pyvrp.stop.MaxRuntime(seconds), seed=0, display=False).best)


def vroom_alone(_state: State, problem: RoutingProblem, seconds: float) -> Plan:
    """VROOM ends by itself; it has as many threads as the others have cores."""
    plan = vroom_plan(problem, exploration=5, threads=2, timeout=timedelta(seconds=seconds))
    return plan or Plan(())


def ortools_alone(_state: State, problem: RoutingProblem, seconds: float) -> Plan:
    python = PEERS / "bin/python"
    if not python.exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "ortools"], check=True)
    rows = problem.travel.row
    asked = {
        "seconds": seconds,
        "metres": problem.travel.metres.tolist(),
        "driving": problem.travel.seconds.tolist(),
        "depot": rows["depot"],
        "orders": [
            {
                "row": rows[task.order.delivery.key], "weight": task.order.weight, "volume": task.order.volume,
                "earliest": task.order.earliest, "latest": task.order.latest, "service": task.order.service,
                "prize": task.prize,
            }
            for task in problem.tasks
        ],
        "vehicles": [
            {name: getattr(each, name) for name in ("weight", "volume", "until", "fixed", "per_km", "per_hour")}
            for each in problem.vehicles
        ],
    }  # fmt: skip
    script = Path(__file__).parent / "peers/ortools_plan.py"
    done = subprocess.run([python, script], input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return Plan(
        tuple(
            Tour(vehicle, (*(Visit("pickup", n) for n in tasks), *(Visit("delivery", n) for n in tasks)))
            for vehicle, tasks in json.loads(done.stdout)
        )
    )


def cost(state: State, problem: RoutingProblem, answer: Plan | tuple[Route, ...]) -> float:
    """Shillings, with a penalty for what is left out; a plan that breaks a rule is no plan."""
    routes = answer if isinstance(answer, tuple) else tuple(as_route(problem, tour) for tour in answer.tours)
    if broken := violations(state, problem.travel, routes):
        print(f"  breaks {len(broken)} rules, such as: {broken[0]}")
        return float("inf")
    carried = {key for route in routes for key in route.orders}
    missed = len(state.orders) - len(carried)
    if missed:
        print(f"  leaves {missed} orders out")
    return (sum(route.cost.total for route in routes) + missed * problem.tasks[0].prize) / 100


if __name__ == "__main__":
    main()
