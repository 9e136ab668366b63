"""A belief about arrivals turned into sampled futures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from opsroom.dispatch.planning.problem import ArrivalBelief, Order, Place, State
from opsroom.dispatch.planning.travel import distinct

FOREVER = 2**40


@dataclass(frozen=True)
class HistoryForecast:
    """Poisson arrivals at the belief's hourly rates; each arrival repeats an order of the history, later."""

    belief: ArrivalBelief

    @cached_property
    def _places(self) -> tuple[Place, ...]:
        return distinct(place for order in self.belief.history for place in (order.pickup, order.delivery))

    @property
    def places(self) -> Sequence[Place]:
        return self._places

    def sample(self, state: State, ahead: int, generator: np.random.Generator) -> list[tuple[Order, ...]]:
        future = []
        for step in range(ahead):
            begin = state.instant + step * state.interval
            number = int(generator.poisson(self.expected(begin, state.interval)))
            instants = np.sort(generator.integers(begin, begin + state.interval, size=number))
            takes_after = generator.integers(max(len(self.belief.history), 1), size=number)
            future.append(
                tuple(
                    moved(self.belief.history[past], int(instant), f"future-{step + 1}-{serial}")
                    for serial, (past, instant) in enumerate(zip(takes_after, instants, strict=True))
                )
            )
        return future

    def expected(self, begin: int, seconds: int) -> float:
        """Expected number of arrivals, the rates being constant within an hour of the local day."""
        total, instant, end = 0.0, begin, begin + seconds
        while instant < end:
            local = instant + self.belief.utc_offset
            stop = min(end, instant + 3600 - local % 3600)
            rate = self.belief.hourly[local // 3600 % 24 % len(self.belief.hourly)]
            total += rate * (stop - instant) / 3600
            instant = stop
        return total


def moved(order: Order, received: int, key: str) -> Order:
    """The same order received at another instant: its times move along, what is unbounded stays so."""
    shift = received - order.received
    return replace(
        order,
        key=key,
        received=received,
        ready=order.ready + shift if order.ready else 0,
        earliest=order.earliest + shift if order.earliest else 0,
        latest=order.latest + shift if order.latest < FOREVER else order.latest,
        leave_by=order.leave_by + shift if order.leave_by < FOREVER else order.leave_by,
    )
