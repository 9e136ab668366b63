"""Small freight operations drawn at random: trucks of two kinds, windows, patience, skills, refusals, two depots."""

import numpy as np

from opsroom.dispatch.planning.problem import ArrivalBelief, Order, Place, TravelBelief, Vehicle
from opsroom.dispatch.planning.simulation.run import Setting
from opsroom.dispatch.planning.simulation.streams import generated

HOUR = 3600
BEGIN = 1_780_000_000 // HOUR * HOUR
DECISIONS = 8  # of a day
CITIES = (
    Place("nairobi", -1.2921, 36.8219, "Nairobi"), Place("nakuru", -0.3031, 36.08, "Nakuru"),
    Place("eldoret", 0.5143, 35.2698, "Eldoret"), Place("kisumu", -0.0917, 34.768, "Kisumu"),
    Place("thika", -1.0332, 37.0693, "Thika"), Place("naivasha", -0.7167, 36.4359, "Naivasha"),
)  # fmt: skip


def operation(seed: int) -> tuple[Setting, tuple[Order, ...]]:
    generator = np.random.default_rng([5, seed])
    fleet = tuple(truck(number, generator) for number in range(int(generator.integers(1, 13))))
    belief = ArrivalBelief((float(generator.uniform(1, 6)),), tuple(likeness(n, generator) for n in range(15)))
    travel = TravelBelief(corridors=(("Nairobi", "Nakuru", float(generator.uniform(0.8, 1.3))),))
    setting = Setting(BEGIN, DECISIONS, fleet, loading=1800, travel=travel, arrivals=belief, spread=0.15)
    return setting, generated(belief, BEGIN - HOUR, BEGIN + (DECISIONS - 1) * HOUR, seed)


def truck(number: int, generator: np.random.Generator) -> Vehicle:
    small = bool(generator.random() < 0.5)
    home = CITIES[int(generator.integers(2))]
    return Vehicle(
        f"K-{number}", "5t truck" if small else "10t truck", home, None if generator.random() < 0.2 else home,
        5000 if small else 10_000, 25_000 if small else 50_000, available=BEGIN + int(generator.integers(3)) * 1800,
        until=BEGIN + int(generator.integers(10, 40)) * HOUR, fixed=250_000, per_km=4000 if small else 5500,
        per_hour=30_000, skills=("refrigerated",) if generator.random() < 0.3 else (),
        pace=float(generator.choice([1.0, 1.0, 0.9, 1.2])),
    )  # fmt: skip


def likeness(number: int, generator: np.random.Generator) -> Order:
    pickup = CITIES[0] if generator.random() < 0.8 else CITIES[1]
    there = CITIES[int(generator.integers(2, len(CITIES)))]
    opens = BEGIN + int(generator.integers(0, 8)) * HOUR if generator.random() < 0.4 else 0
    return Order(
        f"h-{number}", pickup, there, int(generator.integers(100, 6000)), int(generator.integers(0, 20_000)),
        earliest=opens, latest=BEGIN + int(generator.integers(9, 30)) * HOUR, received=BEGIN,
        leave_by=BEGIN + int(generator.integers(1, 12)) * HOUR, service=1800,
        pickup_service=900 if generator.random() < 0.3 else 0, price=2_500_000,
        priority=int(generator.integers(0, 3)), needs=("refrigerated",) if generator.random() < 0.15 else (),
        refuses=("10t truck",) if generator.random() < 0.1 else (),
    )  # fmt: skip
