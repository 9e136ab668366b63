"""How the competition makes requests: four independent draws from the static instance, then two filters.

The rules are those of the competition's published environment (github.com/ortec/euro-neurips-vrp-2022-quickstart,
`environment.py`), written anew from their description. What must agree to the letter is the order of the draws,
since a seed stands for the whole day: per epoch customer, window, demand, service, a hundred of each.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from opsroom.dispatch.planning.yardstick.instance import Integers, StaticInstance

EPOCH_SECONDS = 3600
"""A decision is taken once an hour …"""
LOADING_SECONDS = 3600
"""… and what is sent leaves an hour after the decision's epoch began."""
DRAWS_PER_EPOCH = 100


@dataclass(frozen=True, eq=False)
class Requests:
    """Columns, one row per request."""

    customer: Integers
    window: Integers
    service: Integers
    demand: Integers
    epoch: Integers
    """The epoch in which the request became known."""

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, mask: npt.NDArray[np.bool_]) -> Self:
        return type(self)(
            self.customer[mask], self.window[mask], self.service[mask], self.demand[mask], self.epoch[mask]
        )

    def followed_by(self, other: Self) -> Self:
        return type(self)(
            np.concatenate((self.customer, other.customer)),
            np.concatenate((self.window, other.window)),
            np.concatenate((self.service, other.service)),
            np.concatenate((self.demand, other.demand)),
            np.concatenate((self.epoch, other.epoch)),
        )


def first_epoch(instance: StaticInstance) -> int:
    return _epoch_of(instance.window[1:, 0].min())


def last_epoch(instance: StaticInstance) -> int:
    return _epoch_of(instance.window[1:, 0].max())


def departure(epoch: int) -> int:
    """The instant at which the routes decided in `epoch` leave."""
    return epoch * EPOCH_SECONDS + LOADING_SECONDS


def draw(instance: StaticInstance, epoch: int, generator: np.random.Generator) -> Requests:
    """The new requests of an epoch; those that could no longer be served are dropped."""
    customer, window, demand, service = (
        generator.integers(instance.customers, size=DRAWS_PER_EPOCH) + 1 for _ in range(4)
    )
    drawn = Requests(
        customer=customer,
        window=instance.window[window],
        service=instance.service[service],
        demand=instance.demand[demand],
        epoch=np.full(DRAWS_PER_EPOCH, epoch, dtype=np.int64),
    )
    return drawn.where(~too_late(instance, drawn, departure(epoch)))


def too_late(instance: StaticInstance, requests: Requests, leaving: int) -> npt.NDArray[np.bool_]:
    """Whether a vehicle that leaves at `leaving` for one request alone misses its window or the depot's closing."""
    arrival = np.maximum(leaving + instance.drive[0, requests.customer], requests.window[:, 0])
    back = arrival + requests.service + instance.drive[requests.customer, 0]
    late: npt.NDArray[np.bool_] = (arrival > requests.window[:, 1]) | (back > instance.closing)
    return late


def _epoch_of(opening: np.int64) -> int:
    return max((int(opening) - LOADING_SECONDS) // EPOCH_SECONDS, 0)
