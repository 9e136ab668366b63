"""The competition's day in the engine's words: customers are places, requests orders, the fleet one vehicle."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from opsroom.dispatch.planning.problem import Order, Place, State, Vehicle
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.travel import TravelMatrix
from opsroom.dispatch.planning.yardstick.episode import Observation
from opsroom.dispatch.planning.yardstick.instance import StaticInstance
from opsroom.dispatch.planning.yardstick.requests import (
    EPOCH_SECONDS,
    LOADING_SECONDS,
    Requests,
    draw,
)

CENTS_PER_THOUSAND_SECONDS = 10
"""Makes a driving second one unit of the solver's money."""
SCORE_PER_CENT = 100


@dataclass(frozen=True, eq=False)
class World:
    """What every decision of a day shares. It is also the forecast: entrants know how requests are drawn."""

    instance: StaticInstance
    last: int

    @cached_property
    def places(self) -> Sequence[Place]:
        return [Place(str(customer)) for customer in range(self.instance.customers + 1)]

    @cached_property
    def travel(self) -> TravelMatrix:
        row = {place.key: number for number, place in enumerate(self.places)}
        return TravelMatrix(row, self.instance.drive, self.instance.drive)

    def situation(self, observation: Observation) -> Situation:
        epoch = observation.epoch
        keys = [str(number) for number in observation.number.tolist()]
        state = State(
            instant=epoch * EPOCH_SECONDS,
            interval=EPOCH_SECONDS,
            loading=LOADING_SECONDS,
            decisions_left=self.last - epoch,
            orders=self.orders(observation.requests, keys),
            vehicles=(
                Vehicle(
                    key="fleet",
                    kind="van",
                    start=self.places[0],
                    end=self.places[0],
                    weight=self.instance.capacity,
                    until=self.instance.closing,
                    per_km=CENTS_PER_THOUSAND_SECONDS,
                    count=2**20,
                ),
            ),
        )
        return Situation(state, self.travel, self)

    def orders(self, requests: Requests, keys: Sequence[str]) -> tuple[Order, ...]:
        depot, places = self.places[0], self.places
        return tuple(
            Order(
                key=key,
                pickup=depot,
                delivery=places[customer],
                weight=demand,
                earliest=window[0],
                latest=window[1],
                service=service,
                received=epoch * EPOCH_SECONDS,
            )
            for key, customer, demand, window, service, epoch in zip(
                keys,
                requests.customer.tolist(),
                requests.demand.tolist(),
                requests.window.tolist(),
                requests.service.tolist(),
                requests.epoch.tolist(),
                strict=True,
            )
        )

    def sample(self, state: State, ahead: int, generator: np.random.Generator) -> list[tuple[Order, ...]]:
        now = state.instant // EPOCH_SECONDS
        future = []
        for epoch in range(now + 1, min(now + ahead, self.last) + 1):
            requests = draw(self.instance, epoch, generator)
            future.append(self.orders(requests, [f"future-{epoch}-{number}" for number in range(len(requests))]))
        return future
