"""Value function approximation (VFA): what an order that is kept will cost, by where it goes and how long it has.

The post-decision value of a state is approximated by a sum over the orders kept, V(area, steps left); an order goes
when carrying it now costs less than its value, which makes V a prize. V is learned by forward passes: when an order
leaves, its share of the route's cost is what its value should have been at each step before (Powell 2022, chapter 15:
separable approximations of the post-decision value, learned with a declining stepsize).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from opsroom.dispatch.planning.decision import Decision
from opsroom.dispatch.planning.learned import ValueCell
from opsroom.dispatch.planning.policies.prizes import collect
from opsroom.dispatch.planning.policies.worth import solo_cost
from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation

MOST_STEPS = 8
"""Orders with more decisions left than this are alike."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An order, seen with `steps` decisions left, in the end cost `share` of carrying it alone."""

    area: str
    steps: int
    share: float


@dataclass(frozen=True)
class ValueTable:
    """V as a share of the solo cost; what was never seen has the mean of all that was, and at first `prior`."""

    prior: float = 0.4
    shares: dict[tuple[str, int], tuple[float, int]] = field(default_factory=dict)
    """(area, steps left) to (mean share, number of observations)."""

    def share(self, area: str, steps: int) -> float:
        """Shrunk to the prior: n observations weigh n against `STRENGTH`."""
        mean, seen = self.shares.get((area, steps), (self.prior, 0))
        return (mean * seen + self.prior * STRENGTH) / (seen + STRENGTH)

    @classmethod
    def of(cls, cells: Iterable[ValueCell]) -> Self:
        """The prior is the mean of all observations, once there are any."""
        found = list(cells)
        seen = sum(cell.observations for cell in found)
        prior = sum(cell.share * cell.observations for cell in found) / seen if seen else cls.prior
        return cls(prior, {(cell.area, cell.steps): (cell.share, cell.observations) for cell in found})

    @property
    def cells(self) -> tuple[ValueCell, ...]:
        return tuple(ValueCell(*key, *value) for key, value in sorted(self.shares.items()))

    def learned(self, observations: Iterable[Observation]) -> Self:
        shares = dict(self.shares)
        for one in observations:
            mean, seen = shares.get((one.area, one.steps), (0.0, 0))
            shares[one.area, one.steps] = (mean + (one.share - mean) / (seen + 1), seen + 1)
        return replace(self, shares=shares)


STRENGTH = 5
"""Observations that the prior is worth."""


@dataclass(frozen=True)
class ValueOfWaiting:
    """The policy."""

    table: ValueTable = ValueTable()
    name: str = "vfa"

    def __call__(self, situation: Situation, budget: Budget, seed: int) -> Decision:
        return collect(
            situation,
            lambda order: self.prize(situation, order),
            budget,
            seed,
            policy=self.name,
            parameters={"prior": self.table.prior, "cells": len(self.table.shares)},
        )

    def prize(self, situation: Situation, order: Order) -> int:
        share = self.table.share(order.delivery.area, steps_left(situation, order))
        return round(share * solo_cost(situation, order))


def steps_left(situation: Situation, order: Order) -> int:
    """How many more decisions could still send the order."""
    state = situation.state
    spare = max(situation.latest_departure(order) - state.departure, 0) // state.interval
    if state.decisions_left is not None:
        spare = min(spare, state.decisions_left)
    return min(spare, MOST_STEPS)
