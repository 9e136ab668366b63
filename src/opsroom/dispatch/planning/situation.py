"""A state made ready for deciding: travel times looked up once, futures on tap, and which orders must go."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from opsroom.dispatch.planning.arrivals import HistoryForecast
from opsroom.dispatch.planning.problem import Order, Place, State, Vehicle
from opsroom.dispatch.planning.travel import GreatCircle, TravelMatrix, TravelTimes, distinct


class Forecast(Protocol):
    """Orders that may come."""

    @property
    def places(self) -> Sequence[Place]:
        """Every place a sampled order may name."""

    def sample(self, state: State, ahead: int, generator: np.random.Generator) -> list[tuple[Order, ...]]:
        """One future: the orders that become known before each of the next `ahead` decisions."""


@dataclass(frozen=True, eq=False)
class Situation:
    state: State
    travel: TravelMatrix
    forecast: Forecast | None = None

    @classmethod
    def of(cls, state: State, provider: TravelTimes | None = None) -> Self:
        """The situation that a state's own beliefs describe, or with another provider of travel times."""
        forecast = None if state.arrivals is None else HistoryForecast(state.arrivals)
        places = [place for order in state.orders for place in (order.pickup, order.delivery)]
        places += [vehicle.start for vehicle in state.vehicles]
        places += [vehicle.end for vehicle in state.vehicles if vehicle.end is not None]
        places += [] if forecast is None else forecast.places
        matrix = (provider or GreatCircle(state.travel)).matrix(distinct(places), state.departure)
        return cls(state, matrix, forecast)

    @cached_property
    def must_go(self) -> frozenset[str]:
        """Orders for which the next decision would be too late."""
        state = self.state
        if state.decisions_left == 0:
            return frozenset(order.key for order in state.orders)
        return frozenset(order.key for order in state.orders if self.latest_departure(order) < state.next_departure)

    def latest_departure(self, order: Order) -> int:
        """The last instant at which the order may leave its pickup: its window less the drive, the customer's
        patience, and the way home of the vehicle with the latest end of shift that could take it.
        """
        arriving = [self._arriving(vehicle, order) for vehicle in self.state.vehicles]
        unhurried = order.latest - self.travel.drive(order.pickup, order.delivery)
        return min(order.leave_by, max(arriving, default=unhurried)) - order.pickup_service

    def _arriving(self, vehicle: Vehicle, order: Order) -> int:
        """When this vehicle has to leave the pickup at the latest, for the window and for its own end."""
        drive = self.travel.drive(order.pickup, order.delivery, vehicle.pace)
        home = 0 if vehicle.end is None else self.travel.drive(order.delivery, vehicle.end, vehicle.pace)
        return min(order.latest, vehicle.until - order.service - home) - drive
