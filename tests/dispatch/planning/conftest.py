"""A standing cast: four towns on the road north-west, two trucks in Nairobi, a morning's orders."""

from dataclasses import replace

import pytest

from opsroom.dispatch.planning.problem import Order, Place, State, TravelBelief, Vehicle

HOUR = 3600
MORNING = 1_780_000_000 // HOUR * HOUR
"""An instant in 2026, on the hour."""

NAIROBI = Place("nairobi", -1.2921, 36.8219, "Nairobi")
NAKURU = Place("nakuru", -0.3031, 36.0800, "Nakuru")
ELDORET = Place("eldoret", 0.5143, 35.2698, "Eldoret")
KISUMU = Place("kisumu", -0.0917, 34.7680, "Kisumu")
THIKA = Place("thika", -1.0333, 37.0693, "Thika")

LORRY = Vehicle(
    key="KDA 001",
    kind="lorry",
    start=NAIROBI,
    end=NAIROBI,
    weight=10_000,
    volume=40_000,
    available=MORNING,
    until=MORNING + 24 * HOUR,
    fixed=500_000,
    per_km=4_550,
    per_hour=45_000,
)
FRIDGE = replace(LORRY, key="KDB 002", kind="fridge", weight=5_000, per_km=6_000, skills=("refrigerated",))


def order(key: str, to: Place, weight: int = 2_000, *, wait_hours: int = 8) -> Order:
    return Order(
        key=key,
        pickup=NAIROBI,
        delivery=to,
        weight=weight,
        volume=weight * 3,
        latest=MORNING + 20 * HOUR,
        received=MORNING - HOUR,
        leave_by=MORNING + wait_hours * HOUR,
        service=1_800,
        price=4_000_000,
    )


@pytest.fixture
def morning() -> State:
    """Five orders, one of them chilled, one that cannot wait for the next hour."""
    return State(
        instant=MORNING,
        orders=(
            order("nakuru-1", NAKURU),
            order("nakuru-2", NAKURU, 3_000),
            order("eldoret-1", ELDORET, 4_000),
            replace(order("kisumu-cold", KISUMU, 1_000), needs=("refrigerated",)),
            order("thika-now", THIKA, 500, wait_hours=0),
        ),
        vehicles=(LORRY, FRIDGE),
        travel=TravelBelief(),
    )
