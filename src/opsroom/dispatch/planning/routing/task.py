"""What the solver is asked, and what it answers."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

from opsroom.dispatch.planning.problem import Order, Vehicle
from opsroom.dispatch.planning.travel import TravelMatrix


@dataclass(frozen=True, slots=True)
class Task:
    """An order and the terms on which it is offered to the solver."""

    order: Order
    required: bool = True
    prize: int = 0
    """Cents that carrying it is worth; decides about tasks that are not required."""
    release: int = 0
    """Not loaded before this instant."""
    leaves_now: bool = False
    """Rides only with a vehicle that leaves at the problem's departure; needs an ample fleet."""

    @property
    def loadable(self) -> int:
        return max(self.release, self.order.ready)


@dataclass(frozen=True, eq=False)
class RoutingProblem:
    tasks: tuple[Task, ...]
    vehicles: tuple[Vehicle, ...]
    travel: TravelMatrix
    departure: int
    """No vehicle leaves before."""
    start_by: int | None = None
    """Vehicles that are there by then leave by then."""
    reloads: int = 0
    """How often a vehicle that starts and ends in one place may come back there and go out again."""

    @property
    def ample(self) -> bool:
        """Whether each kind of vehicle could give every task one of its own."""
        return all(vehicle.count >= len(self.tasks) for vehicle in self.vehicles)

    def loads_at_start(self, number: int) -> bool:
        """Whether every vehicle finds the task's goods where it starts, so that no halt is needed for them.

        Not where the order's patience ends before some other task is released: then only a halt at its pickup, with
        a time by which it is over, keeps the two apart.
        """
        order = self.tasks[number].order
        if self._starts != {order.pickup.key} or order.pickup_service:
            return False
        return order.leave_by >= self._last_release

    def offering(self, tasks: tuple[Task, ...]) -> Self:
        return replace(self, tasks=tasks)

    @cached_property
    def _last_release(self) -> int:
        return max((task.loadable for task in self.tasks), default=0)

    @cached_property
    def _starts(self) -> set[str]:
        return {vehicle.start.key for vehicle in self.vehicles}


@dataclass(frozen=True, slots=True)
class Visit:
    """`task` is a position in `RoutingProblem.tasks`."""

    act: Literal["pickup", "delivery"]
    task: int


@dataclass(frozen=True, slots=True)
class Tour:
    """One use of a vehicle. It may come back to where it started: pickups there after deliveries are another load."""

    vehicle: int
    visits: tuple[Visit, ...]

    @property
    def tasks(self) -> tuple[int, ...]:
        return tuple(visit.task for visit in self.visits if visit.act == "delivery")


@dataclass(frozen=True, slots=True)
class Plan:
    tours: tuple[Tour, ...]

    def carried(self) -> frozenset[int]:
        return frozenset(task for tour in self.tours for task in tour.tasks)


@dataclass(frozen=True, slots=True)
class Budget:
    """How long the solver may think. Iterations replay; seconds do not."""

    iterations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.iterations is None and self.seconds is None:
            raise ValueError("a budget limits iterations, seconds or both")

    def share(self, part: float) -> "Budget":
        return Budget(
            None if self.iterations is None else max(1, round(self.iterations * part)),
            None if self.seconds is None else self.seconds * part,
        )
