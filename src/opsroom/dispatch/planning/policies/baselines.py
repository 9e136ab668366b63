"""The two ends between which every policy lies: send all, send only what must go."""

from opsroom.dispatch.planning.decision import Decision
from opsroom.dispatch.planning.policies.sending import send
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation


def greedy(situation: Situation, budget: Budget, seed: int) -> Decision:
    """Sends every order as soon as it is known."""
    everything = frozenset(order.key for order in situation.state.orders)
    return send(situation, everything, budget, seed, policy="greedy")


def lazy(situation: Situation, budget: Budget, seed: int) -> Decision:
    """Sends an order only when the next decision would be too late for it."""
    return send(situation, situation.must_go, budget, seed, policy="lazy")
