"""One policy, one stream of orders, one day."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from opsroom.dispatch.planning.decision import Decision, ExogenousInformation
from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.problem import ArrivalBelief, Order, State, TravelBelief, Vehicle
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.outcomes import Outcome, drive
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.transition import transition


@dataclass(frozen=True)
class Setting:
    """What does not depend on the policy or the seed."""

    begin: int
    """Instant of the first decision."""
    decisions: int
    vehicles: tuple[Vehicle, ...]
    interval: int = 3600
    loading: int = 0
    travel: TravelBelief = field(default_factory=TravelBelief)
    arrivals: ArrivalBelief | None = None
    """What the policy believes; the orders that come are given to `run`."""
    spread: float = 0.0
    """Standard deviation of the logarithm of actual to foreseen driving times."""


@dataclass(frozen=True)
class Step:
    situation: Situation
    decision: Decision
    outcomes: tuple[Outcome, ...]
    lost: tuple[str, ...]
    """Orders whose last moment passed."""
    faults: tuple[str, ...]
    """Rules that the independent checker found broken; always empty, or the engine is wrong."""


def run(policy: Policy, setting: Setting, orders: Sequence[Order], seed: int, budget: Budget) -> tuple[Step, ...]:
    """Decide at regular instants until the last decision, which sends what is left. Later orders are not seen."""
    state = State(
        instant=setting.begin,
        orders=tuple(order for order in orders if order.received <= setting.begin),
        vehicles=setting.vehicles,
        interval=setting.interval,
        loading=setting.loading,
        decisions_left=setting.decisions - 1,
        travel=setting.travel,
        arrivals=setting.arrivals,
    )
    steps = []
    for _ in range(setting.decisions):
        step = _step(policy, setting, state, seed, budget)
        steps.append(step)
        state = transition(state, step.decision, _information(state, step, orders))
    return tuple(steps)


def _step(policy: Policy, setting: Setting, state: State, seed: int, budget: Budget) -> Step:
    situation = Situation.of(state)
    decision = policy(situation, budget, seed)
    sent = set(decision.sent)
    return Step(
        situation=situation,
        decision=decision,
        outcomes=tuple(drive(situation, route, seed, setting.spread) for route in decision.routes),
        lost=tuple(key for key in sorted(situation.must_go) if key not in sent),
        faults=violations(state, situation.travel, decision.routes),
    )


def _information(state: State, step: Step, orders: Sequence[Order]) -> ExogenousInformation:
    after = state.instant + state.interval
    return ExogenousInformation(
        arrived=tuple(order for order in orders if state.instant < order.received <= after),
        cancelled=step.lost,
        back=tuple((outcome.vehicle, outcome.back) for outcome in step.outcomes),
    )
