"""Simulated days: the same orders and roads for every policy, figures that add up, comparisons by pairs."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from opsroom.dispatch.planning.arrivals import HistoryForecast
from opsroom.dispatch.planning.decision import ExogenousInformation
from opsroom.dispatch.planning.policies.baselines import greedy, lazy
from opsroom.dispatch.planning.policies.consensus import Consensus, ConsensusParameters
from opsroom.dispatch.planning.problem import ArrivalBelief, Order, State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.calibration import expected_calibration_error, reliability
from opsroom.dispatch.planning.simulation.hindsight import hindsight_choices
from opsroom.dispatch.planning.simulation.run import Setting, Step, run
from opsroom.dispatch.planning.simulation.scores import (
    Score,
    compare,
    interval,
    paired,
    score,
    student_quantile,
)
from opsroom.dispatch.planning.simulation.streams import delay_factor, generated
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.transition import contribution, transition

HOUR = 3600
QUICK = Budget(iterations=30)


@pytest.fixture
def belief(morning: State) -> ArrivalBelief:
    return ArrivalBelief(hourly=(4.0,), history=morning.orders[:3])


@pytest.fixture
def setting(morning: State, belief: ArrivalBelief) -> Setting:
    fleet = tuple(replace(vehicle, count=30) for vehicle in morning.vehicles)
    return Setting(
        begin=morning.instant, decisions=4, vehicles=fleet, travel=morning.travel, arrivals=belief, spread=0.2
    )


def stream(setting: Setting, seed: int) -> tuple[Order, ...]:
    assert setting.arrivals is not None
    return generated(setting.arrivals, setting.begin, setting.begin + 3 * HOUR, seed)


def test_a_stream_belongs_to_its_seed_and_its_times_move_with_the_arrival(
    setting: Setting, belief: ArrivalBelief
) -> None:
    orders = stream(setting, 1)
    assert orders == stream(setting, 1) != stream(setting, 2)
    assert all(setting.begin <= order.received < setting.begin + 3 * HOUR for order in orders)
    wait = belief.history[0].leave_by - belief.history[0].received
    assert {order.leave_by - order.received for order in orders} == {wait}


def test_a_longer_stream_begins_with_the_shorter_one(setting: Setting, belief: ArrivalBelief) -> None:
    longer = generated(belief, setting.begin, setting.begin + 5 * HOUR, seed=1)
    assert stream(setting, 1) == tuple(order for order in longer if order.received < setting.begin + 3 * HOUR)


def test_arrivals_come_at_the_rate_believed(belief: ArrivalBelief) -> None:
    counts = [len(generated(belief, 0, 10 * HOUR, seed)) for seed in range(50)]
    # Forty expected a run, two thousand in all: five standard deviations are 224.
    assert abs(sum(counts) - 2000) < 224


def test_rates_by_the_hour_are_those_of_the_local_day(belief: ArrivalBelief) -> None:
    nine = replace(belief, hourly=tuple(5.0 if hour == 9 else 0.0 for hour in range(24)))
    forecast = HistoryForecast(nine)
    assert forecast.expected(6 * HOUR, HOUR) == 5.0
    assert forecast.expected(6 * HOUR - 1800, HOUR) == 2.5
    assert forecast.expected(7 * HOUR, 10 * HOUR) == 0.0


def test_a_sampled_future_comes_decision_by_decision(morning: State, belief: ArrivalBelief) -> None:
    future = HistoryForecast(belief).sample(morning, 3, np.random.default_rng(1))
    assert len(future) == 3
    for step, orders in enumerate(future):
        begin = morning.instant + step * HOUR
        assert all(begin <= order.received < begin + HOUR for order in orders)


def test_delays_have_mean_one_and_belong_to_the_order() -> None:
    factors = [delay_factor(3, f"o{n}", 0.3) for n in range(4000)]
    assert sum(factors) / 4000 == pytest.approx(1, abs=0.03)
    assert delay_factor(3, "o7", 0.3) == factors[7]
    assert delay_factor(3, "o7", 0.0) == 1.0


def test_every_order_is_delivered_or_lost_once_and_no_rule_is_broken(setting: Setting) -> None:
    for policy in (greedy, lazy, Consensus(ConsensusParameters(rounds=1, samples=2))):
        orders = stream(setting, 4)
        steps = run(policy, setting, orders, 4, QUICK)
        ends = Counter(key for step in steps for key in (*step.decision.sent, *step.lost))
        assert ends == Counter(order.key for order in orders)
        assert [step.faults for step in steps] == [()] * 4


def test_a_day_replays_to_the_same_score(setting: Setting) -> None:
    scores = [score(run(greedy, setting, stream(setting, 2), 2, QUICK)) for _ in range(2)]
    assert scores[0] == scores[1]


def test_waiting_costs_patience_and_saves_money(setting: Setting) -> None:
    calm = replace(setting, spread=0.0)
    sent, kept = (score(run(policy, calm, stream(calm, 2), 2, QUICK)) for policy in (greedy, lazy))
    assert kept.wait > sent.wait
    assert kept.cost < sent.cost
    assert kept.load >= sent.load
    assert sent.service == kept.service == 1.0


def test_a_fleet_that_is_away_loses_what_cannot_wait(setting: Setting, morning: State) -> None:
    one = replace(setting, vehicles=morning.vehicles[:1], spread=0.0)
    impatient = tuple(replace(order, leave_by=order.received + HOUR) for order in stream(one, 2))
    day: tuple[Step, ...] = run(greedy, one, impatient, 2, QUICK)
    assert len([step for step in day if step.decision.routes]) == 1, "the truck is away for the rest of the day"
    result = score(day)
    assert result.lost > 0
    assert result.orders + result.lost == len(impatient)
    assert result.service < 1


def test_the_transition_moves_vehicles_and_orders(morning: State) -> None:
    situation = Situation.of(morning)
    decision = lazy(situation, QUICK, 1)
    newcomer = replace(morning.orders[0], key="new", received=morning.instant + 10)
    after = transition(morning, decision, ExogenousInformation(arrived=(newcomer,), cancelled=("nakuru-2",)))
    assert [order.key for order in after.orders] == ["nakuru-1", "eldoret-1", "kisumu-cold", "new"]
    assert after.instant == morning.instant + HOUR
    away = {vehicle.key: vehicle.available for vehicle in after.vehicles}
    route = decision.routes[0]
    assert away[route.vehicle] == route.arrives
    reported = transition(morning, decision, ExogenousInformation(back=((route.vehicle, route.arrives + 900),)))
    assert {v.key: v.available for v in reported.vehicles}[route.vehicle] == route.arrives + 900


def test_an_open_ended_vehicle_rests_where_it_delivered_last(morning: State) -> None:
    open_ended = replace(morning, vehicles=tuple(replace(vehicle, end=None) for vehicle in morning.vehicles))
    decision = lazy(Situation.of(open_ended), QUICK, 1)
    after = transition(open_ended, decision, ExogenousInformation())
    rests = {vehicle.key: vehicle.start.key for vehicle in after.vehicles}
    assert rests[decision.routes[0].vehicle] == "thika"


def test_the_contribution_adds_up_and_charges_what_is_let_go(morning: State) -> None:
    situation = Situation.of(morning)
    decision = greedy(situation, QUICK, 1)
    cost = contribution(situation, decision)
    assert cost.total == sum(route.cost.total for route in decision.routes)
    assert cost.revenue == 5 * 4_000_000
    assert contribution(situation, replace(decision, routes=())).lost == 4_000_000


def test_an_interval_by_hand() -> None:
    # Mean 3, standard deviation 1.5811, t(0.975; 4) = 2.7764.
    found = interval([1, 2, 3, 4, 5])
    assert (found.mean, found.observations) == (3, 5)
    assert found.half_width == pytest.approx(2.7764 * 1.5811 / math.sqrt(5), rel=2e-3)
    assert interval([7.0]).high == math.inf


@pytest.mark.parametrize(
    ("freedom", "published"), [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)]
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, published: float) -> None:
    assert student_quantile(0.975, freedom) == pytest.approx(published, rel=3e-3)


def flat(cost: int) -> Score:
    return Score(orders=1, lost=0, late=0, cost=cost, wait=0, load=0)


def test_pairs_cancel_what_days_have_in_common() -> None:
    days = [100, 5000, 900, 40]
    difference = paired([flat(day + 10) for day in days], [flat(day) for day in days], lambda each: each.cost)
    assert (difference.mean, difference.half_width) == (10, 0)


def test_a_comparison_stops_when_it_knows_enough() -> None:
    noise = [3, -3, 2, -2, 1, -1, 2, -2, 0, 1] * 10

    def play(seed: int) -> tuple[Score, Score]:
        return flat(100 + noise[seed]), flat(90)

    loose = compare(play, lambda each: each.cost, half_width=5)
    tight = compare(play, lambda each: each.cost, half_width=1)
    never = compare(play, lambda each: each.cost, half_width=0, most=12)
    assert loose.observations == 5
    assert 5 < tight.observations < 100
    assert tight.low <= 10 <= tight.high
    assert never.observations == 12


def test_calibration_by_hand() -> None:
    choices = [(0.95, True), (0.95, False), (0.55, True), (0.55, True)]
    assert [(each.choices, each.agreed) for each in reliability(choices)] == [(2, 1.0), (2, 0.5)]
    assert expected_calibration_error(choices) == pytest.approx(0.5 * 0.45 + 0.5 * 0.45)
    assert expected_calibration_error([]) == 0
    assert reliability([(1.0, True)])[0].confidence == 1.0


def test_hindsight_is_asked_about_what_futures_were_asked_about_and_knows_what_came(setting: Setting) -> None:
    steps = run(Consensus(ConsensusParameters(samples=3)), setting, stream(setting, 2), 2, QUICK)
    found = list(hindsight_choices(steps, QUICK))
    asked = [each for step in steps[:-1] for each in step.decision.agreements]
    assert [each for each, _ in found] == asked != []
    assert list(hindsight_choices(steps, QUICK)) == found


def test_with_nothing_to_come_hindsight_sends_what_can_only_lose_by_waiting(setting: Setting) -> None:
    alone = replace(stream(setting, 2)[0], received=setting.begin, leave_by=setting.begin + 2 * HOUR)
    steps = run(Consensus(ConsensusParameters(samples=3)), setting, (alone,), 2, QUICK)
    assert {leaves for each, leaves in hindsight_choices(steps, QUICK) if each.order == alone.key} == {True}
