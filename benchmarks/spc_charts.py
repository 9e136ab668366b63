"""Q1: control charts with every rule on a million values.

Floor: numpy reduces the same array to the least a chart must know: mean and mean moving range.
Each side runs in turn, A B A B …; medians and their ratio are printed. Whole work: limits, eight rules of Nelson,
signals; once more with a sentence written for every signal.

    python benchmarks/spc_charts.py [--values 1000000] [--rounds 15]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from opsroom.quality.spc.arrays import Floats
from opsroom.quality.spc.chart import Basis
from opsroom.quality.spc.memory import cusum, ewma
from opsroom.quality.spc.rules import NELSON, WESTERN_ELECTRIC
from opsroom.quality.spc.subgroups import Subgroups
from opsroom.quality.spc.variables import individuals, xbar_r, xbar_s

SUBGROUP = 5
TARGET, BEYOND = 0.5, 0.1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--values", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=15)
    asked = arguments.parse_args()
    values = np.random.default_rng(2026).normal(50.0, 2.0, asked.values // SUBGROUP * SUBGROUP)
    check(values)
    single = np.ones(values.size, dtype=np.int64)
    grouped = np.full(values.size // SUBGROUP, SUBGROUP)
    everything = Basis(rules=NELSON)
    work: dict[str, Callable[[], object]] = {
        "individuals, Nelson's eight": lambda: individuals(values, everything),
        "the same, every signal explained": lambda: list(individuals(values, everything).signals),
        "individuals, Western Electric": lambda: individuals(values, Basis(rules=WESTERN_ELECTRIC)),
        "means and ranges of five, Nelson": lambda: xbar_r(Subgroups(values, grouped), everything),
        "means and deviations of five, Nelson": lambda: xbar_s(Subgroups(values, grouped), everything),
        "ewma": lambda: ewma(Subgroups(values, single), everything),
        "cusum": lambda: cusum(Subgroups(values, single), everything),
    }
    print(f"{values.size} values, {asked.rounds} rounds; target {TARGET} s, beyond {BEYOND} s")
    for name, run in work.items():
        took, floor = in_turn(run, lambda: reduced(values), asked.rounds)
        print(f"{name:38} {took:8.4f} s   {took / floor:6.1f} x the floor ({floor:.4f} s)")


def reduced(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(np.abs(np.diff(values)).mean())


def in_turn(work: Callable[[], object], floor: Callable[[], object], rounds: int) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, run in enumerate((work, floor)):
            begun = time.perf_counter()
            run()
            times[side].append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def check(values: Floats) -> None:
    """The answer is the right one: rule 1 against its plain definition on the whole array."""
    chart = individuals(values)
    center, spread = reduced(values)
    reach = 3 * spread * np.sqrt(np.pi) / 2
    outside = np.flatnonzero(np.abs(values - center) > reach)
    found = chart.signals.indices[chart.signals.numbers == 1]
    if not np.array_equal(outside, found):
        raise SystemExit(f"rule 1 found {found.size} points, the definition {outside.size}")


if __name__ == "__main__":
    main()
