"""Every policy keeps the rules, replays from its snapshot, sends what must go, and does what its class promises."""

import json
from dataclasses import replace

import pytest

from opsroom.dispatch.planning.decision import Decision
from opsroom.dispatch.planning.explain import explanations, last_decision
from opsroom.dispatch.planning.policies.baselines import greedy, lazy
from opsroom.dispatch.planning.policies.consensus import Consensus, ConsensusParameters
from opsroom.dispatch.planning.policies.prizes import PrizeCollecting
from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.planning.policies.thresholds import FullOrDue
from opsroom.dispatch.planning.policies.values import Observation, ValueOfWaiting, ValueTable, steps_left
from opsroom.dispatch.planning.policies.worth import haste, solo_cost
from opsroom.dispatch.planning.problem import ArrivalBelief, State
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation

HOUR = 3600
BUDGET = Budget(iterations=300)
FEW = Consensus(ConsensusParameters(rounds=2, samples=4))


@pytest.fixture
def expecting(morning: State) -> State:
    """The morning, with six orders an hour to come that look like those that came."""
    return replace(morning, arrivals=ArrivalBelief(hourly=(6.0,), history=morning.orders[:3]))


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_stored_decision_replays_from_its_snapshot(name: str, expecting: State) -> None:
    decision = POLICIES[name](Situation.of(expecting), BUDGET, 11)
    snapshot = json.dumps(expecting.to_json())
    stored = Decision.from_json(json.loads(json.dumps(decision.to_json())))
    again = POLICIES[name](Situation.of(State.from_json(json.loads(snapshot))), BUDGET, stored.seed)
    assert again == stored == decision


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_every_policy_keeps_the_rules_and_accounts_for_every_order(name: str, expecting: State) -> None:
    situation = Situation.of(expecting)
    decision = POLICIES[name](situation, BUDGET, 11)
    assert violations(expecting, situation.travel, decision.routes) == ()
    assert set(decision.sent) >= situation.must_go
    kept = [keep.order for keep in decision.kept]
    assert sorted([*decision.sent, *kept]) == sorted(order.key for order in expecting.orders)


def test_greedy_sends_all_and_lazy_only_what_must_go(morning: State) -> None:
    situation = Situation.of(morning)
    assert set(greedy(situation, BUDGET, 1).sent) == {order.key for order in morning.orders}
    assert greedy(situation, BUDGET, 1).kept == ()
    assert lazy(situation, BUDGET, 1).sent == ("thika-now",)


def test_at_the_last_decision_every_policy_sends_all(expecting: State) -> None:
    situation = Situation.of(replace(expecting, decisions_left=0))
    for policy in POLICIES.values():
        assert set(policy(situation, BUDGET, 1).sent) == {order.key for order in expecting.orders}


def test_full_or_due_keeps_a_half_empty_truck_and_sends_a_full_one(morning: State) -> None:
    patient = replace(morning, orders=tuple(replace(o, leave_by=2**40) for o in morning.orders[:2]))
    situation = Situation.of(patient)
    assert FullOrDue(fill=0.8)(situation, BUDGET, 1).sent == ()
    assert len(FullOrDue(fill=0.4)(situation, BUDGET, 1).sent) == 2


def test_full_or_due_sends_what_is_short_of_time(morning: State) -> None:
    situation = Situation.of(replace(morning, orders=morning.orders[:2]))
    # Both may wait eight hours: seven after the next departure.
    assert FullOrDue(fill=2.0, slack=7 * HOUR)(situation, BUDGET, 1).sent == ()
    assert len(FullOrDue(fill=2.0, slack=7 * HOUR + 1)(situation, BUDGET, 1).sent) == 2


def test_prizes_grow_as_time_runs_out_and_with_priority(morning: State) -> None:
    situation, policy = Situation.of(morning), PrizeCollecting(calm=0.1, urgent=0.4)
    nakuru = morning.orders[0]
    assert haste(situation, nakuru) == pytest.approx(1 / 9)
    assert policy.prize(situation, nakuru) == round(solo_cost(situation, nakuru) * (0.1 + 0.4 / 9))
    assert policy.prize(situation, replace(nakuru, priority=1)) == round(
        solo_cost(situation, nakuru) * (0.1 + 0.4 / 9) * 2
    )
    pressed = replace(nakuru, leave_by=morning.departure)
    assert policy.prize(situation, pressed) == round(solo_cost(situation, pressed) * 0.5)


def test_generous_prizes_send_all_and_none_send_what_must(morning: State) -> None:
    situation = Situation.of(morning)
    assert set(PrizeCollecting(calm=2.0)(situation, BUDGET, 1).sent) == {order.key for order in morning.orders}
    assert PrizeCollecting(calm=0.0, urgent=0.0)(situation, BUDGET, 1).sent == ("thika-now",)


def test_solo_cost_is_the_cheapest_truck_there_and_back(morning: State) -> None:
    situation = Situation.of(replace(morning, orders=morning.orders[:1]))
    [route] = greedy(situation, BUDGET, 1).routes
    assert route.vehicle == "KDA 001"
    assert solo_cost(situation, morning.orders[0]) == route.cost.total


def test_values_are_learned_as_means_and_shrunk_to_the_prior() -> None:
    table = ValueTable(prior=0.4).learned(
        [Observation("Nakuru", 2, 0.1), Observation("Nakuru", 2, 0.3), Observation("Eldoret", 0, 0.9)]
    )
    # Two observations with mean 0.2 against five of the prior's 0.4.
    assert table.share("Nakuru", 2) == pytest.approx((2 * 0.2 + 5 * 0.4) / 7)
    assert table.share("Nakuru", 3) == 0.4


def test_an_area_learned_to_be_cheap_later_is_kept(morning: State) -> None:
    situation = Situation.of(replace(morning, orders=morning.orders[:2]))
    steps = steps_left(situation, morning.orders[0])
    assert steps == 8
    cheap = ValueTable(prior=1.2).learned([Observation("Nakuru", steps, 0.0)] * 50)
    dear = ValueTable(prior=1.2).learned([Observation("Nakuru", steps, 1.5)] * 50)
    assert ValueOfWaiting(cheap)(situation, BUDGET, 1).sent == ()
    assert len(ValueOfWaiting(dear)(situation, BUDGET, 1).sent) == 2


def test_without_a_forecast_the_lookahead_has_nothing_to_wait_for(morning: State) -> None:
    situation = Situation.of(morning)
    assert set(FEW(situation, BUDGET, 1).sent) == {order.key for order in morning.orders}


def test_futures_are_counted_for_every_order_that_had_a_choice(expecting: State) -> None:
    decision = FEW(Situation.of(expecting), BUDGET, 3)
    counted = {agreement.order: agreement for agreement in decision.agreements}
    assert set(counted) == {order.key for order in expecting.orders} - {"thika-now"}
    # A future for which no plan was found in its few iterations has no vote.
    assert len({agreement.samples for agreement in counted.values()}) == 1
    assert all(0 <= agreement.dispatched <= agreement.samples <= 4 for agreement in counted.values())
    assert all(agreement.samples > 0 for agreement in counted.values())
    assert all(agreement.sent == (key in decision.sent) for key, agreement in counted.items())


def test_company_on_its_way_makes_the_lookahead_wait(morning: State) -> None:
    # One light order, and forty an hour to the same town expected: a truck of its own is never worth it.
    alone = morning.orders[0]
    state = replace(
        morning,
        orders=(replace(alone, weight=100, volume=100),),
        vehicles=(replace(morning.vehicles[0], count=100),),
        arrivals=ArrivalBelief(hourly=(40.0,), history=(replace(alone, weight=400, volume=500),)),
    )
    assert FEW(Situation.of(state), BUDGET, 1).sent == ()


def test_an_overdue_order_is_refused_with_each_vehicles_reason(expecting: State) -> None:
    overdue = replace(expecting.orders[0], key="overdue", earliest=0, latest=expecting.instant)
    heavy = replace(expecting.orders[1], key="heavy", weight=20_000)
    state = replace(expecting, orders=(overdue, heavy, *expecting.orders[2:]))
    decision = FEW(Situation.of(state), BUDGET, 1)
    reasons = {keep.order: keep for keep in decision.kept if keep.code == "impossible"}
    assert set(reasons) == {"overdue", "heavy"}
    assert reasons["heavy"].reasons == (
        "KDA 001: too heavy, 20000 kg for 10000 kg",
        "KDB 002: too heavy, 20000 kg for 5000 kg",
    )
    assert all("after the window closes" in reason for reason in reasons["overdue"].reasons)


def test_what_finds_no_vehicle_says_so(morning: State) -> None:
    heavy = tuple(replace(order, weight=9_000, leave_by=morning.departure) for order in morning.orders[:2])
    decision = greedy(Situation.of(replace(morning, orders=heavy)), BUDGET, 1)
    assert len(decision.sent) == 1
    assert [keep.code for keep in decision.kept] == ["no_vehicle"]


def test_explanations_give_company_cost_and_last_moment(expecting: State) -> None:
    situation = Situation.of(expecting)
    decision = greedy(situation, BUDGET, 1)
    told = {explanation.order: explanation for explanation in explanations(situation, decision)}
    assert list(told) == [order.key for order in expecting.orders]
    together = next(route for route in decision.routes if len(route.orders) > 1)
    one = told[together.orders[0]]
    assert set(one.companions) == set(together.orders) - {one.order}
    assert one.adds is not None
    assert one.adds < one.alone
    assert "the next departure would be 60 min too late for it" in told["thika-now"].sentences
    assert "waiting would have lost its price of KES 40,000.00" in told["thika-now"].sentences


def test_the_added_cost_is_the_route_with_it_less_the_route_without(morning: State) -> None:
    both = greedy(Situation.of(replace(morning, orders=morning.orders[:2])), BUDGET, 1)
    single = greedy(Situation.of(replace(morning, orders=morning.orders[:1])), BUDGET, 1)
    situation = Situation.of(replace(morning, orders=morning.orders[:2]))
    second = explanations(situation, both)[1]
    assert second.adds == both.routes[0].cost.total - single.routes[0].cost.total


def test_an_order_kept_is_told_its_last_decision(morning: State) -> None:
    situation = Situation.of(morning)
    decision = lazy(situation, BUDGET, 1)
    nakuru = explanations(situation, decision)[0]
    assert (nakuru.sent, nakuru.adds) == (False, None)
    assert nakuru.last_decision == last_decision(situation, morning.orders[0]) == morning.instant + 8 * HOUR
    assert "it can wait for the decision in 480 min at the latest" in nakuru.sentences
    assert "orders that share its way to Nakuru release it sooner" in nakuru.sentences
