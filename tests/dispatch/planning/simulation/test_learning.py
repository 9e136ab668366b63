"""Values of waiting are read off days; the better of several policies is found by racing them."""

from dataclasses import replace

import pytest

from opsroom.dispatch.planning.policies.baselines import lazy
from opsroom.dispatch.planning.policies.values import ValueTable
from opsroom.dispatch.planning.policies.worth import solo_cost
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.learning import observations, tune
from opsroom.dispatch.planning.simulation.run import Setting, run
from opsroom.dispatch.planning.simulation.scores import Score

QUICK = Budget(iterations=30)


def test_orders_kept_and_then_sent_together_came_to_their_share_of_the_route(morning: State) -> None:
    two = tuple(replace(order, leave_by=morning.instant + 3600) for order in morning.orders[:2])
    setting = Setting(begin=morning.instant, decisions=3, vehicles=morning.vehicles, travel=morning.travel)
    steps = run(lazy, setting, two, 1, QUICK)
    assert [len(step.decision.sent) for step in steps] == [0, 2, 0]
    route = steps[1].decision.routes[0]
    share = route.cost.total / sum(solo_cost(steps[1].situation, order) for order in two)
    seen = list(observations(steps))
    assert [(one.area, one.steps) for one in seen] == [("Nakuru", 1), ("Nakuru", 1)]
    assert [one.share for one in seen] == pytest.approx([share, share])
    assert ValueTable(prior=share).learned(seen).share("Nakuru", 1) == pytest.approx(share)


def test_the_race_goes_to_the_cheapest_and_spends_most_on_the_best() -> None:
    costs = {"a": 30, "b": 10, "c": 20, "d": 40}
    played: list[tuple[str, int]] = []

    def play(name: str, seed: int) -> Score:
        played.append((name, seed))
        return Score(orders=1, lost=0, late=0, cost=costs[name] + seed % 3, wait=0, load=0)

    ranking = tune(list(costs), play, lambda score: score.cost, first=3)
    assert [(each.name, each.seeds) for each in ranking] == [("b", 6), ("c", 6), ("a", 3), ("d", 3)]
    assert len(played) == len(set(played)) == 18
