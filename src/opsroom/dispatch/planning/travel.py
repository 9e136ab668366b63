"""Distances and driving times between places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from opsroom.dispatch.planning.problem import Place, TravelBelief

EARTH_RADIUS_METRES = 6_371_008.8
"""Mean radius R1 of the GRS 80 ellipsoid (International Union of Geodesy and Geophysics)."""

Matrix = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TravelMatrix:
    """Metres and seconds from every place (row) to every place (column)."""

    row: dict[str, int]
    """The row of a place's key."""
    metres: Matrix
    seconds: Matrix

    def __post_init__(self) -> None:
        shape = (len(self.row), len(self.row))
        if self.metres.shape != shape or self.seconds.shape != shape:
            raise ValueError(f"{len(self.row)} places need matrices of shape {shape}")

    def drive(self, origin: Place, destination: Place, pace: float = 1.0) -> int:
        """Seconds on the road, for a vehicle of that pace."""
        return round(int(self.seconds[self.row[origin.key], self.row[destination.key]]) * pace)

    def distance(self, origin: Place, destination: Place) -> int:
        return int(self.metres[self.row[origin.key], self.row[destination.key]])


class TravelTimes(Protocol):
    """A provider of distances and times for vehicles that leave at `departure`."""

    def matrix(self, places: Sequence[Place], departure: int) -> TravelMatrix: ...


@dataclass(frozen=True)
class GreatCircle:
    """Great-circle distance times the road factor, at the belief's speed for the hour of departure."""

    belief: TravelBelief

    def matrix(self, places: Sequence[Place], departure: int) -> TravelMatrix:
        places = distinct(places)
        metres = great_circle_metres(places) * self.belief.road_factor
        seconds = metres / (self._kmh(departure) / 3.6) * self._corrections(places, departure)
        row = {place.key: index for index, place in enumerate(places)}
        return TravelMatrix(row, np.rint(metres).astype(np.int64), np.rint(seconds).astype(np.int64))

    def _kmh(self, departure: int) -> float:
        return self.belief.kmh[self._hour(departure) % len(self.belief.kmh)]

    def _hour(self, departure: int) -> int:
        return (departure + self.belief.utc_offset) // 3600 % 24

    def _corrections(self, places: Sequence[Place], departure: int) -> npt.NDArray[np.float64]:
        factors = np.ones((len(places), len(places)))
        areas = np.array([place.area for place in places])
        hour = self._hour(departure)
        of_this_hour = [(one, other, factor) for one, other, at, factor in self.belief.hours if at == hour]
        for one, other, factor in (*self.belief.corridors, *of_this_hour):
            factors[np.ix_(areas == one, areas == other)] = factor
            factors[np.ix_(areas == other, areas == one)] = factor
        return factors


def distinct(places: Iterable[Place]) -> tuple[Place, ...]:
    """The places by key, each once, in order of first appearance."""
    return tuple({place.key: place for place in places}.values())


def great_circle_metres(places: Sequence[Place]) -> npt.NDArray[np.float64]:
    """Haversine distances: 2 R asin √(sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2)); R. W. Sinnott, 1984."""
    latitude = np.radians([place.latitude for place in places])
    longitude = np.radians([place.longitude for place in places])
    north = np.sin((latitude[:, None] - latitude[None, :]) / 2) ** 2
    east = np.sin((longitude[:, None] - longitude[None, :]) / 2) ** 2
    root = np.sqrt(north + np.cos(latitude)[:, None] * np.cos(latitude)[None, :] * east)
    metres: npt.NDArray[np.float64] = 2 * EARTH_RADIUS_METRES * np.arcsin(np.minimum(root, 1.0))
    return metres
