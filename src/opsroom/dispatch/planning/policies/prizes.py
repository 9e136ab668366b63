"""Cost function approximation (CFA): route with prizes for what is sent, so that which and how are one question.

An order that may wait brings a prize when it goes now; the solver takes it along when the detour costs less. The
prize is a tunable share of what the order would cost alone, growing as its time runs out; the form is that of the
competition's winners, who learned theirs (L. Baty, K. Jungel, P. S. Klein, A. Parmentier, M. Schiffer,
"Combinatorial optimization-enriched machine learning to solve the dynamic vehicle routing problem with time windows",
Transportation Science 58, 2024), with two parameters in place of a network.
"""

from collections.abc import Callable
from dataclasses import dataclass

from opsroom.dispatch.planning.decision import Decision, Parameter
from opsroom.dispatch.planning.policies.sending import send
from opsroom.dispatch.planning.policies.worth import haste, solo_cost
from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation

PRIORITY_CAP = 4
"""Steps of priority beyond which waiting is no worse; sixteenfold already decides."""


@dataclass(frozen=True)
class PrizeCollecting:
    """The policy. prize = solo cost · (calm + urgent · haste) · 2^priority."""

    calm: float = 0.15
    urgent: float = 0.35
    name: str = "cfa"

    def __call__(self, situation: Situation, budget: Budget, seed: int) -> Decision:
        parameters: dict[str, Parameter] = {"calm": self.calm, "urgent": self.urgent}
        return collect(
            situation, lambda order: self.prize(situation, order), budget, seed, policy=self.name, parameters=parameters
        )

    def prize(self, situation: Situation, order: Order) -> int:
        share = self.calm + self.urgent * haste(situation, order)
        return round(solo_cost(situation, order) * share * 2.0 ** min(order.priority, PRIORITY_CAP))


def collect(
    situation: Situation,
    prize: Callable[[Order], int],
    budget: Budget,
    seed: int,
    *,
    policy: str,
    parameters: dict[str, Parameter],
) -> Decision:
    """What must go goes; every other order when its prize pays for it."""
    prizes = {order.key: prize(order) for order in situation.state.orders if order.key not in situation.must_go}
    everything = frozenset(order.key for order in situation.state.orders)
    return send(situation, everything, budget, seed, policy=policy, prizes=prizes, parameters=parameters)
