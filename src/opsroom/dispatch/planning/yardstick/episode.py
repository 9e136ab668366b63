"""One day of the competition: epochs of an hour, requests that must go, and routes checked against the rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsroom.dispatch.planning.yardstick.instance import Integers, StaticInstance
from opsroom.dispatch.planning.yardstick.requests import (
    Requests,
    departure,
    draw,
    first_epoch,
    last_epoch,
    too_late,
)


class RuleBrokenError(Exception):
    """The routes handed in are not allowed; the competition ends the day there, and so do we."""


@dataclass(frozen=True, eq=False)
class Observation:
    """What is open in an epoch. `number` says which rows of `Episode.requests` these are."""

    epoch: int
    departure: int
    number: Integers
    requests: Requests
    must_go: npt.NDArray[np.bool_]


class Episode:
    """The day that one seed stands for. Call `observe` and `dispatch` in turn until `over`."""

    def __init__(self, instance: StaticInstance, seed: int) -> None:
        self.instance = instance
        self.epoch = first_epoch(instance)
        self.last = last_epoch(instance)
        self._generator = np.random.default_rng(seed)
        self.requests = draw(instance, self.epoch, self._generator)
        self.sent = np.zeros(len(self.requests), dtype=np.bool_)

    @property
    def over(self) -> bool:
        return self.epoch > self.last

    def observe(self) -> Observation:
        waiting = ~self.sent
        requests = self.requests.where(waiting)
        must_go = np.ones(len(requests), dtype=np.bool_)
        if self.epoch < self.last:
            must_go = too_late(self.instance, requests, departure(self.epoch + 1))
        return Observation(self.epoch, departure(self.epoch), np.flatnonzero(waiting), requests, must_go)

    def dispatch(self, routes: Sequence[Sequence[int]]) -> int:
        """Send `routes` (lists of request numbers, in order of visit) and go on to the next epoch; driving seconds.

        Raises RuleBrokenError for a request twice, unknown or forgotten though it must go, for too much load, and
        for a missed window.
        """
        observed = self.observe()
        visits = [number for route in routes for number in route]
        if len(set(visits)) != len(visits):
            raise RuleBrokenError("a request is visited twice")
        if not set(visits) <= set(observed.number.tolist()):
            raise RuleBrokenError("a request is not open")
        if forgotten := set(observed.number[observed.must_go].tolist()) - set(visits):
            raise RuleBrokenError(f"requests {sorted(forgotten)} must go now")
        cost = sum(self._drive(route, observed.departure) for route in routes)
        self.sent[visits] = True
        self._advance()
        return cost

    def _drive(self, route: Sequence[int], leaving: int) -> int:
        requests, drive = self.requests, self.instance.drive
        if int(requests.demand[list(route)].sum()) > self.instance.capacity:
            raise RuleBrokenError(f"route {list(route)} is overloaded")
        here, clock, driven = 0, leaving, 0
        for number in route:
            there = int(requests.customer[number])
            driven += int(drive[here, there])
            opening, closing = requests.window[number].tolist()
            clock = max(clock + int(drive[here, there]), opening)
            if clock > closing:
                raise RuleBrokenError(f"request {number} is reached at {clock}, after {closing}")
            clock += int(requests.service[number])
            here = there
        if clock + int(drive[here, 0]) > self.instance.closing:
            raise RuleBrokenError(f"route {list(route)} is back after the depot has closed")
        return driven + int(drive[here, 0])

    def _advance(self) -> None:
        self.epoch += 1
        if self.over:
            return
        arrived = draw(self.instance, self.epoch, self._generator)
        self.requests = self.requests.followed_by(arrived)
        self.sent = np.concatenate((self.sent, np.zeros(len(arrived), dtype=np.bool_)))
