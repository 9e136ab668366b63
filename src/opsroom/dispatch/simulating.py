"""Policies against each other on days like those seen: the same orders and roads for each, and intervals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from opsroom.core.errors import Invalid
from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.learned import Learned
from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.policies.registry import policy_of
from opsroom.dispatch.planning.problem import ArrivalBelief, State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.calibration import expected_calibration_error, reliability
from opsroom.dispatch.planning.simulation.hindsight import hindsight_choices
from opsroom.dispatch.planning.simulation.run import Setting, Step, run
from opsroom.dispatch.planning.simulation.scores import Interval, Score, interval, paired, score
from opsroom.dispatch.planning.simulation.streams import generated

DAY, HOUR = 86_400, 3_600
NO_END = 2**39
HALF = 0.5
HINDSIGHT = 200  # iterations of the plan that knows what came
SPREAD = 0.15  # of the logarithm of driving times
MEASURES: dict[str, Callable[[Score], float]] = {
    "cost_per_order_kes": lambda each: each.cost_per_order / 100,
    "service": lambda each: each.service,
    "wait_hours": lambda each: each.wait / 3600,
    "load": lambda each: each.load,
}


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are simulated.

    decisions: of a day; the last sends what is left
    """

    state: State
    decisions: int
    iterations: int

    def play(self, policy: Policy, seed: int) -> Score:
        return score(self.steps(policy, seed))

    def played(self, policy: Policy, seed: int) -> tuple[Score, tuple[tuple[Agreement, bool], ...]]:
        """The day's score, and its choices beside those of hindsight."""
        steps = self.steps(policy, seed)
        return score(steps), tuple(hindsight_choices(steps, Budget(iterations=HINDSIGHT)))

    def steps(self, policy: Policy, seed: int) -> tuple[Step, ...]:
        """One day. The same seed is the same day, whatever the policy. Blocking."""
        setting, begin = self._setting(), self.state.instant
        assert setting.arrivals is not None  # noqa: S101  checked by `days_like`
        orders = generated(setting.arrivals, begin, begin + (self.decisions - 1) * setting.interval, seed)
        return run(policy, setting, orders, seed, Budget(iterations=self.iterations))

    def _setting(self) -> Setting:
        state = self.state
        return Setting(
            begin=state.instant,
            decisions=self.decisions,
            vehicles=state.vehicles,
            interval=state.interval,
            loading=state.loading,
            travel=state.travel,
            arrivals=state.arrivals,
            spread=SPREAD,
        )


def days_like(state: State, decisions: int, iterations: int) -> Days:
    """Days with the state's vehicles and the arrivals it believes in.

    Raises:
        Invalid: there are no vehicles, or too few past orders to take after.
    """
    if state.arrivals is None:
        raise Invalid("There are too few past orders to take after: at least ten in the last four weeks are needed.")
    if not state.vehicles:
        raise Invalid("No vehicle is available: there is nothing to simulate with.")
    return Days(_next_morning(state, state.arrivals), decisions, iterations)


def _next_morning(state: State, arrivals: ArrivalBelief) -> State:
    """The state at the first hour of the next local day in which orders are expected, every vehicle there and free."""
    offset = arrivals.utc_offset
    midnight = ((state.instant + offset) // DAY + 1) * DAY - offset
    first = next((hour for hour, rate in enumerate(arrivals.hourly) if rate), 0)
    begin = midnight + first * HOUR
    later = begin - state.instant
    fleet = tuple(
        replace(each, available=begin, until=each.until + later if each.until < NO_END else each.until)
        for each in state.vehicles
    )
    return replace(state, instant=begin, vehicles=fleet)


def named(policies: Iterable[str], learned: Sequence[Learned]) -> dict[str, Policy]:
    return {name: policy_of(name, learned) for name in policies}


def reliability_of(choices: Sequence[tuple[Agreement, bool]]) -> dict[str, Any] | None:
    """How often hindsight agreed, by confidence; nothing where no futures were asked."""
    if not choices:
        return None
    told = [(each.confidence, (each.share >= HALF) == leaves) for each, leaves in choices]
    return {
        "choices": len(told),
        "error": expected_calibration_error(told),
        "bins": [asdict(each) for each in reliability(told)],
    }


def compared(scores: Mapping[str, Sequence[Score]]) -> dict[str, Any]:
    """A card for each policy, and its paired difference in cost to the first."""
    first = next(iter(scores))
    return {
        "baseline": first,
        "policies": [
            {
                "policy": name,
                "days": len(found),
                "orders": sum(each.orders for each in found),
                "lost": sum(each.lost for each in found),
                "late": sum(each.late for each in found),
                **{measure: _interval(interval([of(each) for each in found])) for measure, of in MEASURES.items()},
                "cost_difference_kes": None
                if name == first
                else _interval(paired(found, scores[first], MEASURES["cost_per_order_kes"])),
            }
            for name, found in scores.items()
        ],
    }


def _interval(found: Interval) -> dict[str, Any]:
    """An unbounded interval, of a single day, has no ends."""
    known = found.observations > 1
    plain = asdict(found)
    return plain if known else plain | {"low": None, "high": None}
