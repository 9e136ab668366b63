"""The competition's day: which requests come, which must go, which routes are allowed, what they cost."""

import csv
from pathlib import Path

import numpy as np
import pytest

from opsroom.dispatch.planning.policies.baselines import greedy, lazy
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.yardstick.episode import Episode, RuleBrokenError
from opsroom.dispatch.planning.yardstick.instance import StaticInstance, read_instance
from opsroom.dispatch.planning.yardstick.play import play
from opsroom.dispatch.planning.yardstick.requests import draw, first_epoch, last_epoch

HOUR = 3600

TOY_FILE = """NAME : toy
TYPE : VRPTW
CAPACITY : 10
EDGE_WEIGHT_SECTION
0 600 900
700 0 300
800 200 0
DEMAND_SECTION
1 0
2 3
3 4
SERVICE_TIME_SECTION
1 0
2 60
3 120
TIME_WINDOW_SECTION
1 0 36000
2 7200 14400
3 10800 21600
EOF
"""


@pytest.fixture
def toy(tmp_path: Path) -> StaticInstance:
    file = tmp_path / "toy.txt"
    file.write_text(TOY_FILE)
    return read_instance(file)


def test_an_instance_is_read_with_its_asymmetric_matrix(toy: StaticInstance) -> None:
    assert toy.drive.tolist() == [[0, 600, 900], [700, 0, 300], [800, 200, 0]]
    assert toy.demand.tolist() == [0, 3, 4]
    assert toy.service.tolist() == [0, 60, 120]
    assert toy.window.tolist() == [[0, 36000], [7200, 14400], [10800, 21600]]
    assert (toy.capacity, toy.customers, toy.closing) == (10, 2, 36000)


def test_nodes_out_of_order_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.txt"
    file.write_text(TOY_FILE.replace("2 3\n3 4", "3 4\n2 3"))
    with pytest.raises(ValueError, match="demand section are not numbered"):
        read_instance(file)


def test_an_instance_without_a_capacity_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.txt"
    file.write_text(TOY_FILE.replace("CAPACITY : 10\n", ""))
    with pytest.raises(ValueError, match=r"wrong\.txt states no capacity"):
        read_instance(file)


def test_epochs_span_the_openings_of_the_windows_less_an_hour_of_loading(toy: StaticInstance) -> None:
    assert first_epoch(toy) == (7200 - HOUR) // HOUR == 1
    assert last_epoch(toy) == (10800 - HOUR) // HOUR == 2


def test_requests_take_four_draws_in_the_order_customer_window_demand_service(toy: StaticInstance) -> None:
    reference = np.random.default_rng(5)
    customer, window, demand, service = (reference.integers(2, size=100) + 1 for _ in range(4))
    requests = draw(toy, 1, np.random.default_rng(5))
    assert requests.customer.tolist() == customer.tolist(), "every toy request can be served from epoch 1"
    assert requests.window.tolist() == toy.window[window].tolist()
    assert requests.demand.tolist() == toy.demand[demand].tolist()
    assert requests.service.tolist() == toy.service[service].tolist()


def test_requests_that_can_no_longer_be_served_are_dropped(toy: StaticInstance) -> None:
    # From epoch 3 vehicles leave at 14400: the window that closes then is missed by any drive at all.
    requests = draw(toy, 3, np.random.default_rng(5))
    assert 0 < len(requests) < 100
    assert set(requests.window[:, 1].tolist()) == {21600}


def test_what_the_next_epoch_would_miss_must_go_and_in_the_last_epoch_everything_must(toy: StaticInstance) -> None:
    episode = Episode(toy, seed=5)
    first = episode.observe()
    # Leaving at 10800 instead of 7200 still reaches both windows.
    assert first.epoch == 1
    assert not first.must_go.any()
    assert episode.dispatch([]) == 0
    assert episode.observe().must_go.all()


def test_a_route_costs_its_driving_seconds_and_not_its_waiting(toy: StaticInstance) -> None:
    episode = Episode(toy, seed=5)
    opened = episode.observe().requests
    one = int(np.flatnonzero(opened.customer == 1)[0])
    two = int(np.flatnonzero(opened.customer == 2)[0])
    assert episode.dispatch([[one, two]]) == 600 + 300 + 800
    assert set(episode.observe().number.tolist()).isdisjoint({one, two})


@pytest.mark.parametrize(
    ("routes", "sentence"),
    [
        ([[0, 1], [1]], "visited twice"),
        ([[5000]], "not open"),
        ([[0, 1, 2, 3]], "overloaded"),
    ],
)
def test_routes_against_the_rules_are_refused(toy: StaticInstance, routes: list[list[int]], sentence: str) -> None:
    with pytest.raises(RuleBrokenError, match=sentence):
        Episode(toy, seed=5).dispatch(routes)


def test_forgetting_what_must_go_is_refused(toy: StaticInstance) -> None:
    episode = Episode(toy, seed=5)
    episode.dispatch([])
    with pytest.raises(RuleBrokenError, match="must go now"):
        episode.dispatch([])


def test_a_late_visit_is_refused() -> None:
    instance = StaticInstance(
        drive=np.array([[0, 100, 100], [100, 0, 4000], [100, 4000, 0]]),
        demand=np.array([0, 1, 1]),
        service=np.array([0, 0, 0]),
        window=np.array([[0, 90000], [3600, 7000], [3600, 7000]]),
        capacity=9,
    )
    episode = Episode(instance, seed=1)
    opened = episode.observe().requests
    one = int(np.flatnonzero(opened.customer == 1)[0])
    two = int(np.flatnonzero(opened.customer == 2)[0])
    alone = [[number] for number in range(len(opened)) if number not in {one, two}]
    with pytest.raises(RuleBrokenError, match=f"request {two} is reached at 7700, after 7000"):
        episode.dispatch([*alone, [one, two]])


def test_playing_a_day_twice_gives_the_same_day(toy: StaticInstance) -> None:
    days = [play(toy, 7, greedy, Budget(iterations=20)) for _ in range(2)]
    assert days[0].cost == days[1].cost > 0
    assert [epoch.sent for epoch in days[0].epochs] == [epoch.waiting for epoch in days[0].epochs]


def test_lazy_sends_what_must_go_and_nothing_else(toy: StaticInstance) -> None:
    day = play(toy, 7, lazy, Budget(iterations=20))
    assert [epoch.sent for epoch in day.epochs] == [epoch.must_go for epoch in day.epochs]
    assert day.epochs[0].sent == 0


@pytest.mark.slow
def test_greedy_costs_what_the_competition_published(shared_data: Path) -> None:
    # A short search is a little above the published figure, which had two minutes an epoch; requests that differed
    # in a single draw would be off by far more. Measured at 8 s an epoch: 0.04 % above.
    folder = shared_data / "dispatch" / "euro_neurips"
    rows = csv.DictReader((folder / "reference_costs.csv").read_text().splitlines())
    row = next(row for row in rows if row["nr"] == "19")
    day = play(read_instance(folder / row["instance"]), int(row["instance_seed"]), greedy, Budget(iterations=1000))
    assert day.cost == pytest.approx(int(row["baseline_greedy"]), rel=0.025)
