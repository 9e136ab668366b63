"""Reasons against an order are found by trying it: words and checker agree on every vehicle."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.dispatch.planning.conftest import ELDORET, FRIDGE, HOUR, KISUMU, LORRY, MORNING, NAIROBI, NAKURU, order

from opsroom.dispatch.planning.obstacles import obstacles_to
from opsroom.dispatch.planning.policies.baselines import greedy
from opsroom.dispatch.planning.problem import Order, State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.trial import against, tried_alone

orders = st.builds(
    lambda to, weight, wait, window, needs, refuses: replace(
        order("a", to, weight, wait_hours=wait),
        latest=MORNING + window * HOUR,
        needs=needs,
        refuses=refuses,
    ),
    st.sampled_from([NAKURU, ELDORET, KISUMU]),
    st.integers(1, 15_000),
    st.integers(-1, 10),
    st.integers(1, 20),
    st.sampled_from([(), ("refrigerated",)]),
    st.sampled_from([(), ("lorry",), ("fridge", "lorry")]),
)
shifts = st.integers(1, 24)


@given(orders, shifts)
def test_there_are_words_exactly_when_the_trial_breaks_a_rule(goods: Order, shift: int) -> None:
    vehicles = tuple(replace(each, until=MORNING + shift * HOUR, longest=16 * HOUR) for each in (LORRY, FRIDGE))
    situation = Situation.of(State(instant=MORNING, orders=(goods,), vehicles=vehicles))
    for vehicle in vehicles:
        words, broken = obstacles_to(situation, vehicle, goods), tried_alone(situation, vehicle, goods)
        assert bool(words) == bool(broken), (words, broken)


def test_an_order_left_over_says_what_each_route_has_no_room_for() -> None:
    heavy = replace(order("heavy", NAKURU, 8_000), leave_by=MORNING + HOUR)
    more = replace(order("more", NAKURU, 9_000), leave_by=MORNING + HOUR)
    situation = Situation.of(State(instant=MORNING, orders=(heavy, more), vehicles=(LORRY, FRIDGE)))
    decision = greedy(situation, Budget(iterations=20), 0)
    (left,) = (keep.order for keep in decision.kept)
    goods = {"heavy": heavy, "more": more}[left]
    by_vehicle = {each.vehicle: each for each in against(situation, decision, goods)}
    assert not by_vehicle["KDA 001"].alone
    assert len(by_vehicle["KDA 001"].broken) == 1  # either too much on board, or too late for a second load
    assert by_vehicle["KDB 002"].alone
    assert by_vehicle["KDB 002"].reasons == (f"too heavy, {goods.weight} kg for 5000 kg",)


def test_an_order_that_fits_has_nothing_against_it() -> None:
    situation = Situation.of(State(instant=MORNING, orders=(order("a", NAKURU),), vehicles=(LORRY,)))
    decision = greedy(situation, Budget(iterations=20), 0)
    assert tried_alone(situation, LORRY, order("a", NAKURU)) == ()
    assert decision.sent == ("a",)
    assert NAIROBI.key in situation.travel.row
