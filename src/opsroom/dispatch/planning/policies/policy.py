"""What every policy is."""

from typing import Protocol

from opsroom.dispatch.planning.decision import Decision
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation


class Policy(Protocol):
    """A function of the situation; with an iteration budget the same answer for the same seed, always."""

    def __call__(self, situation: Situation, budget: Budget, seed: int) -> Decision: ...
