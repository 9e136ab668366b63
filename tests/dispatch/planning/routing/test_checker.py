"""Every way to spoil a good route is found, and a good one passes."""

from dataclasses import replace

import pytest

from opsroom.dispatch.planning.decision import Route, Stop
from opsroom.dispatch.planning.policies.baselines import greedy
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation


@pytest.fixture
def situation(morning: State) -> Situation:
    return Situation.of(morning)


@pytest.fixture
def routes(situation: Situation) -> tuple[Route, ...]:
    return greedy(situation, Budget(iterations=50), seed=1).routes


def spoiled(situation: Situation, routes: tuple[Route, ...], **change: object) -> str:
    broken = (replace(routes[0], **change), *routes[1:])  # type: ignore[arg-type]  # the test's own keywords
    return "; ".join(violations(situation.state, situation.travel, broken))


def with_stop(route: Route, number: int, **change: object) -> tuple[Stop, ...]:
    stops = list(route.stops)
    stops[number] = replace(stops[number], **change)  # type: ignore[arg-type]  # the test's own keywords
    return tuple(stops)


def test_a_good_plan_passes(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert len(routes) == 2
    assert violations(situation.state, situation.travel, routes) == ()


def test_a_vehicle_used_twice_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "is used 2 times, there are 1" in spoiled(situation, routes, vehicle=routes[1].vehicle)


def test_a_stranger_among_vehicles_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "vehicle ghost is not in the fleet" in spoiled(situation, routes, vehicle="ghost")


def test_an_order_on_two_routes_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    twice = spoiled(situation, routes, stops=(*routes[0].stops, *routes[1].stops))
    assert "2 stops for delivery" in twice
    assert "2 stops for pickup" in twice


def test_a_delivery_without_its_pickup_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "before it is picked up" in spoiled(situation, routes, stops=routes[0].stops[1:])


def test_goods_that_stay_aboard_are_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "never delivers" in spoiled(situation, routes, stops=routes[0].stops[:-1])


def test_an_unknown_order_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "order ghost is not waiting" in spoiled(situation, routes, stops=with_stop(routes[0], -1, order="ghost"))


def test_a_drive_faster_than_the_road_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    late = routes[0].leaves + 3600
    assert "sooner than the road allows" in spoiled(situation, routes, leaves=late)
    assert "is back sooner" in spoiled(situation, routes, arrives=routes[0].arrives - 60)


def test_service_cut_short_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    last = routes[0].stops[-1]
    assert "before delivery is done" in spoiled(situation, routes, stops=with_stop(routes[0], -1, departure=last.begin))
    assert "before it is there" in spoiled(situation, routes, stops=with_stop(routes[0], -1, begin=last.arrival - 1))


def test_a_stop_at_the_wrong_place_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "is at nairobi, not" in spoiled(situation, routes, stops=with_stop(routes[0], -1, place="nairobi"))


def test_wrong_figures_are_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    assert "m long, not" in spoiled(situation, routes, metres=routes[0].metres + 1)
    dear = replace(routes[0].cost, distance=routes[0].cost.distance + 1)
    assert "cents for distance, not" in spoiled(situation, routes, cost=dear)


def test_what_the_vehicle_cannot_do_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    state = situation.state
    for change, sentence in (
        ({"weight": 100}, "kg after pickup"),
        ({"volume": 100}, "l after pickup"),
        ({"skills": ()}, "needs refrigerated"),
        ({"until": state.departure + 60}, "after the shift's end"),
        ({"longest": 60}, "the limit is 60"),
        ({"available": state.departure + 2**30}, "leaves before the vehicle can"),
    ):
        fleet = tuple(replace(vehicle, **change) for vehicle in state.vehicles)
        found = violations(replace(state, vehicles=fleet), situation.travel, routes)
        assert sentence in "; ".join(found)


def test_what_the_customer_does_not_take_is_found(situation: Situation, routes: tuple[Route, ...]) -> None:
    state = situation.state
    for change, sentence in (
        ({"refuses": ("lorry", "fridge")}, "refuses a"),
        ({"latest": state.departure}, "outside"),
        ({"leave_by": state.departure - 1}, "leaves at"),
        ({"ready": state.departure + 2**20}, "loaded before it is ready"),
    ):
        orders = tuple(replace(order, **change) for order in state.orders)
        found = violations(replace(state, orders=orders), situation.travel, routes)
        assert sentence in "; ".join(found)
