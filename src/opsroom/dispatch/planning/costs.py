"""The objective: what a decision costs, item by item, in whole cents."""

from dataclasses import dataclass
from typing import Self

from opsroom.dispatch.planning.problem import Vehicle


@dataclass(frozen=True, slots=True)
class Cost:
    fixed: int = 0
    distance: int = 0
    time: int = 0

    @property
    def total(self) -> int:
        return self.fixed + self.distance + self.time

    def __add__(self, other: Self) -> Self:
        return type(self)(self.fixed + other.fixed, self.distance + other.distance, self.time + other.time)


def driving_cost(vehicle: Vehicle, metres: int, seconds: int) -> Cost:
    """Of one use of a vehicle that drives `metres` and is away for `seconds`; halves of a cent round up."""
    return Cost(
        fixed=vehicle.fixed,
        distance=(metres * vehicle.per_km + 500) // 1000,
        time=(seconds * vehicle.per_hour + 1800) // 3600,
    )
