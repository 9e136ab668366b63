"""Pictures of dispatch drawn by the server: the region with its routes, and a vehicle's day as a bar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

from opsroom.dispatch.region import LAKE, OUTLINE, Point

WIDTH = 900.0  # units of the drawing
MARGIN = 0.45  # degrees around what is shown
COLOURS = 6  # routes told apart by line; see dispatch.css


@dataclass(frozen=True, slots=True)
class Line:
    """A route on the map. `numbers`: the halts, each with its place and its number."""

    route_id: str
    vehicle_id: str
    status: str
    look: int
    path: str
    numbers: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Map:
    height: float
    outline: str
    lake: str
    cities: tuple[tuple[str, float, float], ...]
    lines: tuple[Line, ...]
    vehicles: tuple[tuple[str, float, float, str], ...]


class Frame:
    """Degrees to units of the drawing: equirectangular, true to scale in the middle."""

    def __init__(self, points: Sequence[Point]) -> None:
        longitudes, latitudes = [x for x, _ in points], [y for _, y in points]
        self._west, self._north = min(longitudes) - MARGIN, max(latitudes) + MARGIN
        shrink = cos(radians((min(latitudes) + max(latitudes)) / 2))
        self._x = WIDTH / (max(longitudes) + MARGIN - self._west)
        self._y = self._x / shrink
        self.height = round((self._north - min(latitudes) + MARGIN) * self._y, 1)

    def at(self, longitude: float, latitude: float) -> tuple[float, float]:
        return round((longitude - self._west) * self._x, 1), round((self._north - latitude) * self._y, 1)

    def shows(self, place: Point) -> bool:
        x, y = self.at(*place)
        return 0 <= x <= WIDTH and 0 <= y <= self.height

    def path(self, points: Iterable[Point]) -> str:
        return "M" + "L".join(f"{x} {y}" for x, y in (self.at(*point) for point in points))


def draw_map(cities: dict[str, Point], routes: Sequence[tuple[Any, Sequence[Any]]], vehicles: Sequence[Any]) -> Map:
    """The part of the region where routes are, or all of it; each route is a line from its vehicle's home and back."""
    homes = {row.vehicle_id: row for row in vehicles}
    ways = [(route, _way(homes.get(route.vehicle_id), stops)) for route, stops in routes]
    frame = Frame([point for _, way in ways for point in way] or list(cities.values()) or list(OUTLINE))
    lines = tuple(
        Line(
            route.route_id,
            route.vehicle_id,
            route.status.value,
            number % COLOURS,
            frame.path(way),
            tuple(_numbers(frame, stops)),
        )
        for number, ((route, way), (_, stops)) in enumerate(zip(ways, routes, strict=True))
    )
    return Map(
        height=frame.height,
        outline=frame.path(OUTLINE) + "Z",
        lake=frame.path(LAKE) + "Z",
        cities=tuple((name, *frame.at(*place)) for name, place in sorted(cities.items()) if frame.shows(place)),
        lines=lines,
        vehicles=tuple(
            (row.vehicle_id, *frame.at(*_point(row.current_location)), row.status.value) for row in vehicles
        ),
    )


def day_bars(
    routes: Sequence[tuple[Any, Sequence[Any]]], begin: datetime, hours: int, loading: timedelta
) -> dict[str, list[tuple[float, float, str, str]]]:
    """For each vehicle the segments of its day: (from, until) as parts of the day, kind, and words."""
    found: dict[str, list[tuple[float, float, str, str]]] = {}
    for route, stops in routes:
        bars = found.setdefault(route.vehicle_id, [])
        left = route.departed_at or route.leaves_at
        bars += _bar(begin, hours, left - loading, left, "waiting", f"{route.route_id}: loading")
        clock = left
        for arrival, departure, late, words in _halts(stops):
            bars += _bar(begin, hours, clock, arrival, "running", f"{route.route_id}: driving")
            bars += _bar(begin, hours, arrival, departure, "down" if late else "up", words)
            clock = max(clock, departure)
        home = route.completed_at or route.returns_at
        bars += _bar(begin, hours, clock, home, "running", f"{route.route_id}: driving home")
    return found


def _halts(stops: Sequence[Any]) -> Iterable[tuple[datetime, datetime, bool, str]]:
    """Deliveries with the times that are known, else those that are expected."""
    for stop in stops:
        if stop.stop_type.value == "pickup" or stop.status.value == "skipped":
            continue
        arrival = stop.actual_arrival or stop.expected_arrival or stop.planned_arrival
        departure = stop.actual_departure or arrival + timedelta(minutes=stop.service_minutes)
        late = stop.delay_told_at is not None or stop.status.value == "failed"
        words = f"{stop.order_id} in {stop.location.get('city') or 'an unnamed place'}"
        yield arrival, departure, late, f"{words}: {stop.status.value}{', late' if stop.delay_told_at else ''}"


def _bar(
    begin: datetime, hours: int, start: datetime, end: datetime, kind: str, words: str
) -> list[tuple[float, float, str, str]]:
    whole = hours * 3600
    one, other = ((each - begin).total_seconds() / whole for each in (start, end))
    one, other = max(one, 0.0), min(other, 1.0)
    return [(one, other, kind, words)] if other > one else []


def _way(vehicle: Any | None, stops: Sequence[Any]) -> list[Point]:
    halts = [_point(stop.location) for stop in stops]
    if vehicle is None or vehicle.home_location is None:
        return halts
    home = _point(vehicle.home_location)
    return [home, *halts, home]


def _numbers(frame: Frame, stops: Sequence[Any]) -> Iterable[tuple[float, float, str]]:
    deliveries = [stop for stop in stops if stop.stop_type.value == "delivery"]
    for number, stop in enumerate(deliveries, start=1):
        yield (*frame.at(*_point(stop.location)), str(number))


def _point(location: dict[str, Any]) -> Point:
    return location["lon"], location["lat"]
