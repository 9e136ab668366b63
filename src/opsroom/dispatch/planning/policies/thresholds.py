"""Policy function approximation (PFA): send a vehicle when it is full or when something on it is due."""

from dataclasses import dataclass

from opsroom.dispatch.planning.decision import Decision, Route
from opsroom.dispatch.planning.policies.sending import send
from opsroom.dispatch.planning.problem import Vehicle
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation


@dataclass(frozen=True)
class FullOrDue:
    """The policy: plan everything that waits, then send the tours that are full enough or short of time."""

    fill: float = 0.8
    """Share of the weight or the volume from which a vehicle counts as full."""
    slack: int = 0
    """Seconds beyond the next departure within which an order counts as due."""
    name: str = "pfa"

    def __call__(self, situation: Situation, budget: Budget, seed: int) -> Decision:
        everything = frozenset(order.key for order in situation.state.orders)
        whole = send(situation, everything, budget.share(0.5), seed, policy=self.name)
        going = [route for route in whole.routes if self._goes(situation, route)]
        chosen = frozenset(key for route in going for key in route.orders) | situation.must_go
        parameters = {"fill": self.fill, "slack": self.slack}
        return send(situation, chosen, budget.share(0.5), seed, policy=self.name, parameters=parameters)

    def _goes(self, situation: Situation, route: Route) -> bool:
        state = situation.state
        orders = [order for order in state.orders if order.key in route.orders]
        vehicle = next(vehicle for vehicle in state.vehicles if vehicle.key == route.vehicle)
        due = min(situation.latest_departure(order) for order in orders)
        full = loaded(vehicle, sum(o.weight for o in orders), sum(o.volume for o in orders)) >= self.fill
        return full or due < state.next_departure + self.slack or state.decisions_left == 0


def loaded(vehicle: Vehicle, weight: int, volume: int) -> float:
    """The fuller of the two capacities, as a share."""
    return max(weight / max(vehicle.weight, 1), volume / max(vehicle.volume, 1))
