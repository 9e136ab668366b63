"""What is decided, and what the world then tells."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self

import msgspec

from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.costs import Cost
from opsroom.dispatch.planning.problem import Order

Parameter = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """One halt for one order."""

    act: Literal["pickup", "delivery"]
    order: str
    place: str
    arrival: int
    begin: int
    """Service begins; later than the arrival when the vehicle is early."""
    departure: int


@dataclass(frozen=True, slots=True)
class Route:
    vehicle: str
    leaves: int
    arrives: int
    """At the vehicle's end, or at the last stop where the end is open."""
    stops: tuple[Stop, ...]
    metres: int
    cost: Cost

    @property
    def orders(self) -> tuple[str, ...]:
        return tuple(stop.order for stop in self.stops if stop.act == "delivery")


@dataclass(frozen=True, slots=True)
class Kept:
    """An order that does not go now: `code` and `reason` say why, `until` by when it must leave."""

    order: str
    until: int
    code: Literal["waits", "impossible", "no_vehicle"]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    policy: str
    seed: int
    routes: tuple[Route, ...]
    kept: tuple[Kept, ...]
    agreements: tuple[Agreement, ...] = ()
    """For every order that could go or wait, how far the sampled futures agree; empty where none were sampled."""
    parameters: dict[str, Parameter] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[str, ...]:
        return tuple(order for route in self.routes for order in route.orders)

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        return msgspec.convert(plain, cls)


@dataclass(frozen=True, slots=True)
class ExogenousInformation:
    """What became known between two decisions."""

    arrived: tuple[Order, ...] = ()
    cancelled: tuple[str, ...] = ()
    back: tuple[tuple[str, int], ...] = ()
    """(vehicle, instant) for vehicles whose return differs from the plan."""
