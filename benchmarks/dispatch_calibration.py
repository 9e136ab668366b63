"""D6: whether confidence means what it says: futures' votes on simulated days against what hindsight would have done.

Plays small operations by the policy that looks ahead. On some days the logistic map of Platt is fitted, on the others
the expected calibration error is told without any map, with the one the program has, and with the one fitted here;
the plot is of the program's, on the days held out. Hindsight plans with the orders that came before the next decision.

    python benchmarks/dispatch_calibration.py [--days 60] [--plot docs/images/dispatch-confidence.svg]
"""

import argparse
import math
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from generate_freight import operation
from opsroom.dispatch.planning.confidence import Agreement, calibrated
from opsroom.dispatch.planning.policies.consensus import Consensus
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.calibration import expected_calibration_error, reliability
from opsroom.dispatch.planning.simulation.hindsight import hindsight_choices
from opsroom.dispatch.planning.simulation.run import run
from opsroom.dispatch.trust import reliability_chart

BUDGET = Budget(iterations=300)
FIRST = 100_000  # day
Choices = list[tuple[Agreement, bool]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--days", type=int, default=60, help="to fit on, and as many to judge by")
    arguments.add_argument("--plot", type=Path)
    asked = arguments.parse_args()
    fitted_on, judged_by = played(FIRST, asked.days), played(FIRST + asked.days, asked.days)
    slope, intercept = fitted(fitted_on)
    maps: dict[str, Callable[[Agreement], float]] = {
        "no map": lambda each: each.winning / each.samples,
        "the program's": lambda each: calibrated(each.winning, each.samples),
        "fitted here": lambda each: platt(log_odds(each), slope, intercept),
    }
    counts = f"{len(fitted_on)} choices to fit on, {len(judged_by)} held out"
    print(f"{counts}; slope {slope:.3f}, intercept {intercept:.3f}")
    for name, confidence in maps.items():
        told = [(confidence(each), agrees(each, leaves)) for each, leaves in judged_by]
        print(f"{name:14} expected calibration error {expected_calibration_error(told):.4f}")
        for each in reliability(told):
            print(f"    said {each.confidence:.3f}, agreed {each.agreed:.3f}, {each.choices} choices")
        if name == "the program's" and asked.plot is not None:
            found = {"choices": len(told), "bins": [asdict(each) for each in reliability(told)]}
            asked.plot.write_text((reliability_chart(found, alone=True) or "") + "\n", encoding="utf-8")
    print(f"target 0.05, beyond 0.02; load {os.getloadavg()[0]:.1f}")


def played(first: int, days: int) -> Choices:
    found: Choices = []
    for day in range(first, first + days):
        setting, orders = operation(day)
        found += hindsight_choices(run(Consensus(), setting, orders, day, BUDGET), BUDGET)
    return found


def agrees(agreement: Agreement, leaves: bool) -> bool:  # noqa: FBT001  what hindsight says
    return (agreement.share >= 0.5) == leaves


def fitted(choices: Choices) -> tuple[float, float]:
    """The likeliest slope and intercept, by Newton's method."""
    slope, intercept = 1.0, 0.0
    for _ in range(50):
        gradient, curvature = [0.0, 0.0], [0.0, 0.0, 0.0]
        for each, leaves in choices:
            x = log_odds(each)
            p = 1 / (1 + math.exp(-(intercept + slope * x)))
            off, weight = agrees(each, leaves) - p, p * (1 - p)
            gradient = [gradient[0] + off * x, gradient[1] + off]
            curvature = [curvature[0] + weight * x * x, curvature[1] + weight * x, curvature[2] + weight]
        xx, xo, oo = curvature
        scale = xx * oo - xo * xo
        slope += (oo * gradient[0] - xo * gradient[1]) / scale
        intercept += (xx * gradient[1] - xo * gradient[0]) / scale
    return slope, intercept


def log_odds(agreement: Agreement) -> float:
    return math.log((agreement.winning + 0.5) / (agreement.samples - agreement.winning + 0.5))


def platt(x: float, slope: float, intercept: float) -> float:
    return max(1 / (1 + math.exp(-(intercept + slope * x))), 0.5)


if __name__ == "__main__":
    main()
