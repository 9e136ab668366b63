"""Rows as the engine's values: kilograms, litres, cents, seconds; places by their coordinates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from opsroom.dispatch.models import AssignmentRule, Customer, Order, RuleKind, Vehicle
from opsroom.dispatch.planning import problem

UNBOUNDED = 2**40
NEEDS_SKILL = ("refrigerated", "hazardous", "oversized", "livestock")
UNLOADING_MINUTES = 20
LOOKS_AHEAD_DAYS = 8  # for a customer's next delivery window


@dataclass(frozen=True)
class Rules:
    """Pins and bans, said to the engine as skills: a pin is a need that only one vehicle meets, a ban one that all
    others do.
    """

    pinned: dict[str, str]
    """Order to vehicle."""
    forbidden: frozenset[tuple[str, str]]
    """(order, vehicle)"""

    @classmethod
    def of(cls, rows: Sequence[AssignmentRule]) -> "Rules":
        pins = {row.order_id: row.vehicle_id for row in rows if row.kind is RuleKind.PIN}
        bans = frozenset((row.order_id, row.vehicle_id) for row in rows if row.kind is RuleKind.FORBID)
        return cls(pins, bans)

    def needs(self, order: str) -> tuple[str, ...]:
        found = [_the_one_for(order)] if order in self.pinned else []
        return (*found, *(_allowed_for(key) for key, _ in sorted(self.forbidden) if key == order))

    def skills(self, vehicle: str) -> tuple[str, ...]:
        pinned = [_the_one_for(order) for order, meant in sorted(self.pinned.items()) if meant == vehicle]
        banned = {order for order, _ in self.forbidden}
        return (*pinned, *(_allowed_for(order) for order in sorted(banned) if (order, vehicle) not in self.forbidden))


def _the_one_for(order: str) -> str:
    return f"the vehicle that {order} is pinned to"


def _allowed_for(order: str) -> str:
    return f"allowed for {order}"


def engine_order(order: Order, customer: Customer, rules: Rules, at: datetime, zone: ZoneInfo) -> problem.Order:
    wait = customer.constraints.get("max_wait_hours")
    received = seconds_of(order.received_at)
    unloading = customer.preferences.get("unloading_minutes")
    earliest, latest = _window(order, customer, at, zone)
    return problem.Order(
        key=order.order_id,
        pickup=place_of(order.pickup_location),
        delivery=place_of(order.destination_location, order.destination_city),
        weight=round(order.weight_tonnes * 1000),
        volume=round(order.volume_m3 * 1000),
        earliest=earliest,
        latest=latest,
        received=received,
        leave_by=UNBOUNDED if wait is None else received + round(wait * 3600),
        service=60 * (UNLOADING_MINUTES if unloading is None else unloading),
        price=round(order.price_kes * 100),
        priority=order.priority,
        needs=(*(name for name in NEEDS_SKILL if order.special_handling.get(name)), *rules.needs(order.order_id)),
        refuses=tuple(customer.constraints.get("refused_vehicle_types", ())),
    )


def engine_vehicle(vehicle: Vehicle, rules: Rules, at: datetime, zone: ZoneInfo) -> problem.Vehicle:
    free = max(at, vehicle.available_at or at)
    opens, closes = _shift(vehicle, free, zone)
    return problem.Vehicle(
        key=vehicle.vehicle_id,
        kind=vehicle.vehicle_type,
        start=place_of(vehicle.current_location),
        end=None if vehicle.home_location is None else place_of(vehicle.home_location),
        weight=round(vehicle.capacity_tonnes * 1000),
        volume=round(vehicle.capacity_m3 * 1000),
        available=max(seconds_of(free), opens),
        until=closes,
        fixed=round(vehicle.fixed_cost * 100),
        per_km=round(vehicle.fuel_cost_per_km * 100),
        per_hour=round(vehicle.driver_cost_per_hour * 100),
        skills=(*vehicle.skills, *rules.skills(vehicle.vehicle_id)),
    )


def place_of(location: dict[str, Any], city: str | None = None) -> problem.Place:
    latitude, longitude = location["lat"], location["lon"]
    return problem.Place(f"{latitude:.5f},{longitude:.5f}", latitude, longitude, city or location.get("city") or "")


def seconds_of(instant: datetime) -> int:
    return int(instant.timestamp())


def instant_of(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _window(order: Order, customer: Customer, at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The order's own window, cut to the first of its customer's that is not over yet.

    The engine knows one window for each order. Where the two have nothing in common the order's own stands.
    """
    opens = 0 if order.window_start is None else seconds_of(order.window_start)
    closes = UNBOUNDED if order.window_end is None else seconds_of(order.window_end)
    after = max(seconds_of(at), opens)
    for start, end in _weekly(customer.constraints.get("delivery_windows", ()), at, zone):
        if end > after and start < closes:
            return max(opens, start), min(closes, end)
    return opens, closes


def _weekly(windows: Sequence[dict[str, Any]], at: datetime, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """The customer's windows from yesterday on, by their ends."""
    today = at.astimezone(zone).date()
    found = [
        _span(day, window, zone)
        for day in (today + timedelta(days=number) for number in range(-1, LOOKS_AHEAD_DAYS))
        for window in windows
        if day.weekday() in window["days"]
    ]
    yield from sorted(found, key=lambda span: (span[1], span[0]))


def _shift(vehicle: Vehicle, free: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The shift in which, or before which, the vehicle is free."""
    if vehicle.shift is None:
        return 0, UNBOUNDED
    today = free.astimezone(zone).date()
    spans = (_span(today + timedelta(days=number), vehicle.shift, zone) for number in (-1, 0, 1, 2))
    return next(span for span in spans if span[1] > seconds_of(free))


def _span(day: date, hours: dict[str, Any], zone: ZoneInfo) -> tuple[int, int]:
    opens, closes = time.fromisoformat(hours["start"]), time.fromisoformat(hours["end"])
    begin = datetime.combine(day, opens, zone)
    end = datetime.combine(day if closes > opens else day + timedelta(days=1), closes, zone)
    return seconds_of(begin), seconds_of(end)
