"""Plans keep every rule, are as good as the best where that can be found by trying all, and are always there."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsroom.dispatch.planning.decision import Route
from opsroom.dispatch.planning.policies.futures import first_load
from opsroom.dispatch.planning.problem import Order, Place, State, Vehicle
from opsroom.dispatch.planning.routing.checker import violations
from opsroom.dispatch.planning.routing.insertion import insert_greedily
from opsroom.dispatch.planning.routing.model import build
from opsroom.dispatch.planning.routing.planner import plan_routes
from opsroom.dispatch.planning.routing.schedule import as_route
from opsroom.dispatch.planning.routing.solver import as_solution, first_plan, solve
from opsroom.dispatch.planning.routing.task import Budget, Plan, RoutingProblem, Task, Tour, Visit
from opsroom.dispatch.planning.routing.vroom_start import vroom_plan
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.travel import TravelMatrix

QUICK = Budget(iterations=60)
PLACES = tuple(Place(name) for name in "DABCE")
"""D is the depot of most tests."""


def grid(*rows: tuple[int, ...]) -> TravelMatrix:
    seconds = np.array(rows, dtype=np.int64)
    return TravelMatrix({place.key: row for row, place in enumerate(PLACES)}, seconds * 10, seconds)


NEAR = grid((0, 60, 90, 70, 50), (60, 0, 40, 80, 90), (95, 45, 0, 30, 85), (70, 80, 35, 0, 60), (55, 90, 80, 60, 0))
VAN = Vehicle("van", "van", PLACES[0], PLACES[0], weight=10, fixed=1_000, per_km=1_000, per_hour=3_600)


def goods(key: str, at: int, weight: int = 4, **terms: object) -> Order:
    plain = Order(key, PLACES[0], PLACES[at], weight)
    return replace(plain, **terms)  # type: ignore[arg-type]  # the test's own keywords


def problem_of(orders: list[Order], vehicles: list[Vehicle], travel: TravelMatrix = NEAR) -> RoutingProblem:
    return RoutingProblem(tuple(Task(order) for order in orders), tuple(vehicles), travel, departure=0)


def faults(problem: RoutingProblem, routes: tuple[Route, ...]) -> tuple[str, ...]:
    state = State(0, tuple(task.order for task in problem.tasks), problem.vehicles)
    return violations(state, problem.travel, routes)


def plan(problem: RoutingProblem, seed: int = 1) -> tuple[Route, ...]:
    return plan_routes(problem, QUICK, seed, lambda routes: faults(problem, routes))


def all_plans(problem: RoutingProblem) -> Iterator[tuple[Route, ...]]:
    """Every way to share the orders among the vehicles and every order of delivery; the slow obvious reference."""
    numbers = range(len(problem.tasks))
    for owners in product(range(len(problem.vehicles)), repeat=len(problem.tasks)):
        lots = [[n for n in numbers if owners[n] == v] for v in range(len(problem.vehicles))]
        for orders in product(*(permutations(lot) for lot in lots)):
            tours = [
                Tour(v, (*(Visit("pickup", n) for n in lot), *(Visit("delivery", n) for n in lot)))
                for v, lot in enumerate(orders)
                if lot
            ]
            routes = tuple(as_route(problem, tour) for tour in tours)
            if not faults(problem, routes):
                yield routes


def cost(routes: tuple[Route, ...]) -> int:
    return sum(route.cost.total for route in routes)


def test_a_route_by_hand_has_the_times_distance_and_cost_worked_out() -> None:
    problem = problem_of([goods("a", 1, service=30), goods("b", 2, earliest=200, latest=400)], [VAN])
    [route] = plan(problem)
    # D→A 60, service 30, A→B 40, window opens at 200, B→D 95: leaves 70 late so as not to wait at B.
    assert (route.leaves, route.arrives, route.metres) == (70, 295, (60 + 40 + 95) * 10)
    assert [(stop.act, stop.order, stop.arrival) for stop in route.stops if stop.act == "delivery"] == [
        ("delivery", "a", 130),
        ("delivery", "b", 200),
    ]
    assert route.cost.fixed == 1_000
    assert route.cost.distance == 1_950
    assert route.cost.time == 225


@pytest.mark.parametrize("seed", [1, 2])
def test_small_problems_are_solved_as_well_as_by_trying_everything(seed: int) -> None:
    orders = [goods("a", 1), goods("b", 2, latest=120), goods("c", 3, 6), goods("e", 4, 3, earliest=300)]
    problem = problem_of(orders, [VAN, replace(VAN, key="lorry", weight=20, fixed=1_500, per_km=1_500)])
    best = min(cost(routes) for routes in all_plans(problem))
    assert cost(plan(problem, seed)) == best


def test_the_same_seed_and_iterations_give_the_same_routes() -> None:
    problem = problem_of([goods(f"o{n}", 1 + n % 4, 3) for n in range(8)], [replace(VAN, count=9)])
    assert plan(problem, 5) == plan(problem, 5)


def test_skills_and_refusals_are_kept() -> None:
    cold = replace(VAN, key="cold", kind="fridge", skills=("chilled",), per_km=9_000)
    orders = [goods("milk", 1, needs=("chilled",)), goods("bricks", 1, refuses=("fridge",))]
    routes = plan(problem_of(orders, [VAN, cold]))
    assert {route.vehicle: route.orders for route in routes} == {"cold": ("milk",), "van": ("bricks",)}


def test_volume_counts_beside_weight() -> None:
    roomy = replace(VAN, volume=100, count=3)
    routes = plan(problem_of([goods("a", 1, 1, volume=60), goods("b", 1, 1, volume=60)], [roomy]))
    assert len(routes) == 2


def test_goods_elsewhere_are_fetched_before_they_are_brought() -> None:
    elsewhere = Order("x", PLACES[3], PLACES[1], 4, pickup_service=20)
    [route] = plan(problem_of([elsewhere, goods("b", 2)], [VAN]))
    acts = [(stop.act, stop.order) for stop in route.stops]
    assert acts.index(("pickup", "x")) < acts.index(("delivery", "x"))
    assert not faults(problem_of([elsewhere, goods("b", 2)], [VAN]), (route,))


def test_an_open_end_saves_the_way_home() -> None:
    [route] = plan(problem_of([goods("a", 1)], [replace(VAN, end=None)]))
    assert (route.metres, route.arrives - route.leaves) == (600, 60)


def test_vehicles_that_start_apart_fetch_from_the_depot() -> None:
    away = replace(VAN, key="away", start=PLACES[4], end=PLACES[4])
    problem = problem_of([goods("a", 1), goods("b", 2), goods("c", 3)], [replace(VAN, weight=4), away])
    routes = plan(problem)
    assert sorted(key for route in routes for key in route.orders) == ["a", "b", "c"]


def test_with_too_few_vehicles_what_can_go_goes() -> None:
    routes = plan(problem_of([goods("a", 1, 6), goods("b", 2, 6), goods("c", 3, 3)], [VAN]))
    assert len(routes) == 1
    assert len(routes[0].orders) == 2


def test_an_optional_order_goes_when_its_prize_pays_for_the_detour() -> None:
    base = problem_of([goods("a", 1), goods("b", 2)], [VAN])
    detour = cost(plan(base)) - cost(plan(problem_of([goods("a", 1)], [VAN])))
    for prize, taken in ((detour + 50, 2), (detour - 50, 1)):
        optional = Task(goods("b", 2), required=False, prize=prize)
        assert len(plan(base.offering((base.tasks[0], optional)))[0].orders) == taken


def test_no_orders_or_no_vehicles_make_no_routes() -> None:
    assert plan(problem_of([], [VAN])) == ()
    assert plan(problem_of([goods("a", 1)], [])) == ()


def test_an_order_released_later_holds_its_vehicle_back() -> None:
    late = problem_of([goods("a", 1)], [VAN]).offering((Task(goods("a", 1), release=500),))
    found = solve(late, QUICK, seed=1)
    assert found is not None
    assert as_route(late, found.tours[0]).leaves == 500


def test_orders_that_leave_now_do_not_ride_with_orders_that_come_later() -> None:
    tasks = (Task(goods("now", 1), leaves_now=True), Task(goods("later", 1), release=900))
    problem = RoutingProblem(tasks, (replace(VAN, count=5),), NEAR, departure=0)
    found = solve(problem, QUICK, seed=1)
    assert found is not None
    assert sorted(tour.tasks for tour in found.tours) == [(0,), (1,)]


def test_a_vehicle_may_come_back_and_load_again() -> None:
    tasks = (Task(goods("a", 1, 9)), Task(goods("b", 2, 9), release=600))
    problem = RoutingProblem(tasks, (VAN,), NEAR, departure=0, reloads=1)
    found = solve(problem, QUICK, seed=1)
    assert found is not None
    [tour] = found.tours
    assert [(visit.act, visit.task) for visit in tour.visits] == [
        ("pickup", 0),
        ("delivery", 0),
        ("pickup", 1),
        ("delivery", 1),
    ]
    assert first_load(tour) == (0,)
    route = as_route(problem, tour)
    assert route.metres == (60 + 60 + 90 + 95) * 10
    assert faults(problem, (route,)) == ()
    again = solve(problem, Budget(iterations=1), seed=2, warm=found)
    assert again == found


def test_vroom_and_insertion_make_plans_that_keep_the_rules(morning: State) -> None:
    travel = Situation.of(morning).travel
    problem = RoutingProblem(tuple(map(Task, morning.orders)), morning.vehicles, travel, morning.departure)
    for found in (vroom_plan(problem), insert_greedily(problem)):
        assert found is not None
        routes = tuple(as_route(problem, tour) for tour in found.tours)
        assert violations(morning, travel, routes) == ()
        assert found.carried() == frozenset(range(5))


def test_a_first_plan_keeps_the_rules_leaves_out_what_does_not_fit_and_takes_a_thousand_orders() -> None:
    heavy = problem_of([goods("a", 1, 9), goods("b", 2, 9), goods("c", 3, 11)], [VAN])
    found = first_plan(heavy)
    assert len(found.carried()) == 1
    assert faults(heavy, tuple(as_route(heavy, tour) for tour in found.tours)) == ()
    many = problem_of(
        [goods(f"o{n}", 1 + n % 4, 1) for n in range(1000)], [replace(VAN, key=f"v{n}") for n in range(120)]
    )
    found = first_plan(many)
    assert len(found.carried()) > 200
    assert faults(many, tuple(as_route(many, tour) for tour in found.tours)) == ()


def test_a_plan_whose_trips_a_later_release_has_torn_apart_is_no_start_but_no_error() -> None:
    # Both loads of the van begin at the depot. Released later, `b` outlasts the patience of `a`, which becomes a halt.
    tasks = (Task(goods("a", 1, 3, leave_by=50)), Task(goods("b", 2, 3)), Task(goods("c", 3, 3)))
    problem = RoutingProblem(tasks, (VAN,), NEAR, departure=0, reloads=1)
    visits = [("pickup", 0), ("pickup", 1), ("delivery", 1), ("pickup", 2), ("delivery", 2), ("delivery", 0)]
    torn = Plan((Tour(0, tuple(Visit(act, task) for act, task in visits)),))  # type: ignore[arg-type]  # literals
    later = problem.offering((tasks[0], tasks[1], replace(tasks[2], release=100)))
    assert not later.loads_at_start(0)
    assert later.loads_at_start(1)
    assert as_solution(later, build(later), torn) is None
    assert solve(later, QUICK, seed=1, warm=torn) is not None


def test_vroom_is_not_asked_about_what_it_has_no_words_for() -> None:
    problem = problem_of([goods("a", 1)], [VAN])
    assert vroom_plan(problem.offering((Task(goods("a", 1), release=10),))) is None


def test_a_warm_start_is_never_made_worse() -> None:
    problem = problem_of(
        [goods(f"o{n}", 1 + n % 4, 3) for n in range(8)], [replace(VAN, key=f"v{n}") for n in range(4)]
    )
    start = insert_greedily(problem)
    found = solve(problem, Budget(iterations=1), seed=1, warm=start)
    assert found is not None
    assert total(problem, found) <= total(problem, start)


def total(problem: RoutingProblem, found: Plan) -> int:
    return cost(tuple(as_route(problem, tour) for tour in found.tours))


@st.composite
def random_problems(draw: st.DrawFn) -> RoutingProblem:
    """Up to six orders, some pressed, some heavy, some with skills or pickups elsewhere; one to three vehicles."""
    orders = []
    for number in range(draw(st.integers(1, 6))):
        earliest = draw(st.integers(0, 400))
        orders.append(
            Order(
                key=f"o{number}",
                pickup=PLACES[draw(st.sampled_from([0, 0, 0, 3]))],
                delivery=PLACES[draw(st.integers(1, 4))],
                weight=draw(st.integers(0, 9)),
                earliest=earliest,
                latest=earliest + draw(st.integers(0, 600)),
                ready=draw(st.sampled_from([0, 0, 120])),
                leave_by=draw(st.sampled_from([2**40, 0, 100, 250])),
                service=draw(st.integers(0, 60)),
                needs=draw(st.sampled_from([(), (), ("cold",)])),
                refuses=draw(st.sampled_from([(), (), ("van",)])),
            )
        )
    vehicles = [
        Vehicle(
            key=f"v{number}",
            kind=draw(st.sampled_from(["van", "lorry"])),
            start=PLACES[draw(st.sampled_from([0, 0, 4]))],
            end=draw(st.sampled_from([PLACES[0], None])),
            weight=draw(st.integers(5, 20)),
            available=draw(st.integers(0, 200)),
            until=draw(st.integers(300, 2_000)),
            longest=draw(st.sampled_from([300, 900, 2**40])),
            fixed=draw(st.integers(0, 500)),
            per_km=draw(st.integers(0, 5_000)),
            per_hour=draw(st.integers(0, 5_000)),
            skills=draw(st.sampled_from([(), ("cold",)])),
            pace=draw(st.sampled_from([1.0, 1.0, 0.75, 1.3])),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    return problem_of(orders, vehicles)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(random_problems())
def test_whatever_the_problem_the_plan_keeps_every_rule_and_never_loses_to_insertion(problem: RoutingProblem) -> None:
    routes = plan_routes(problem, Budget(iterations=15), 1, lambda found: faults(problem, found))
    assert faults(problem, routes) == ()
    inserted = insert_greedily(problem)
    by_hand = tuple(as_route(problem, tour) for tour in inserted.tours)
    assert faults(problem, by_hand) == ()
    served = sum(len(route.orders) for route in routes)
    assert served >= len(inserted.carried())
    if served == len(inserted.carried()) == len(problem.tasks):
        assert cost(routes) <= cost(by_hand)
