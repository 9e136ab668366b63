"""What a dispatcher knows: orders, vehicles and beliefs, gathered in a `State`.

Units throughout the engine: instants are whole seconds since the Unix epoch, durations seconds, distances metres,
weights kilograms, volumes litres, money cents of a shilling; all of them integers. Frame and words are Powell's
(W. B. Powell, "Reinforcement Learning and Stochastic Optimization", 2022, chapter 9).
"""

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from opsroom.dispatch.planning.learned import Learned


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is. Two places with one key are one place; `area` is a city or the like, for corridors."""

    key: str
    latitude: float = 0.0
    longitude: float = 0.0
    area: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Goods to be taken from one place to another."""

    key: str
    pickup: Place
    delivery: Place
    weight: int
    volume: int = 0
    earliest: int = 0
    """First instant at which service at the delivery may begin; a vehicle that is early waits."""
    latest: int = 2**40
    """Last instant at which service may begin. A window that must hold the whole service ends earlier by it."""
    received: int = 0
    ready: int = 0
    """Not loaded before."""
    leave_by: int = 2**40
    """Has left its pickup by then. The customer's patience: received plus the longest wait agreed."""
    service: int = 0
    pickup_service: int = 0
    price: int = 0
    priority: int = 0
    """Zero is ordinary; each step doubles what waiting is worth avoiding."""
    needs: tuple[str, ...] = ()
    """Skills a vehicle must have: refrigerated, hazardous …"""
    refuses: tuple[str, ...] = ()
    """Types of vehicle the customer does not take."""

    def __post_init__(self) -> None:
        if self.weight < 0 or self.volume < 0:
            raise ValueError(f"order {self.key}: weight and volume are not negative")
        if self.latest < self.earliest:
            raise ValueError(f"order {self.key}: its window closes before it opens")


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A truck; or, where `count` is above one, a pool from which up to so many are hired by the tour."""

    key: str
    kind: str
    start: Place
    end: Place | None
    """Where the day ends; None leaves the end open."""
    weight: int
    """Capacity."""
    volume: int = 2**40
    available: int = 0
    until: int = 2**40
    """End of the shift: the vehicle has arrived at its end by then."""
    longest: int = 2**40
    """Longest time between leaving and arriving."""
    fixed: int = 0
    """Cost of using it at all."""
    per_km: int = 0
    per_hour: int = 0
    skills: tuple[str, ...] = ()
    count: int = 1
    pace: float = 1.0
    """Factor on its driving times, learned from what it drove."""


@dataclass(frozen=True, slots=True)
class TravelBelief:
    """Great-circle distance times a factor, at a speed that depends on the hour."""

    road_factor: float = 1.2
    """Road over great circle; 1.2 errs about 6 % on Kenyan trunk roads."""
    kmh: tuple[float, ...] = (55.0,)
    """One speed, or one for each hour of the local day."""
    utc_offset: int = 3 * 3600
    corridors: tuple[tuple[str, str, float], ...] = ()
    """(area, area, factor on the time): learned corrections, valid in both directions."""
    hours: tuple[tuple[str, str, int, float], ...] = ()
    """(area, area, local hour, factor): takes the corridor's place for departures in that hour."""

    def __post_init__(self) -> None:
        if len(self.kmh) not in {1, 24} or min(self.kmh) <= 0:
            raise ValueError("speeds are one positive number, or twenty-four")


@dataclass(frozen=True, slots=True)
class ArrivalBelief:
    """Orders to come look like orders seen: each is a past order, its times moved to its own arrival."""

    hourly: tuple[float, ...]
    """Expected number of orders an hour; one rate, or one for each hour of the local day."""
    history: tuple[Order, ...]
    utc_offset: int = 3 * 3600

    def __post_init__(self) -> None:
        if len(self.hourly) not in {1, 24} or min(self.hourly) < 0:
            raise ValueError("rates are one number that is not negative, or twenty-four")
        if any(self.hourly) and not self.history:
            raise ValueError("arrivals are expected but there is no order to take after")


@dataclass(frozen=True, slots=True)
class State:
    """Everything a decision may depend on; a stored decision is replayed from this and its seed alone."""

    instant: int
    orders: tuple[Order, ...]
    vehicles: tuple[Vehicle, ...]
    interval: int = 3600
    """Seconds until the next decision."""
    loading: int = 0
    """Seconds from a decision to the departure of what it sends."""
    decisions_left: int | None = None
    """How many decisions follow before everything must have gone; None: the operation does not end."""
    travel: TravelBelief = TravelBelief()
    arrivals: ArrivalBelief | None = None
    learned: tuple[Learned, ...] = ()
    """Of policies, what is in force."""

    def __post_init__(self) -> None:
        for name, keys in (
            ("order", [order.key for order in self.orders]),
            ("vehicle", [vehicle.key for vehicle in self.vehicles]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"two of the state's {name}s share a key")

    @property
    def departure(self) -> int:
        """When what is sent now leaves."""
        return self.instant + self.loading

    @property
    def next_departure(self) -> int:
        """When what the next decision sends leaves."""
        return self.departure + self.interval

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        return msgspec.convert(plain, cls)
