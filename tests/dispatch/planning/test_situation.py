"""Which orders must go: the next departure misses the window less the drive, the patience, or the way home."""

from dataclasses import replace

import pytest

from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.situation import Situation

HOUR = 3600


def test_the_impatient_order_must_go_and_the_others_may_wait(morning: State) -> None:
    assert Situation.of(morning).must_go == {"thika-now"}


def test_at_the_last_decision_everything_must_go(morning: State) -> None:
    situation = Situation.of(replace(morning, decisions_left=0))
    assert situation.must_go == {order.key for order in morning.orders}


@pytest.mark.parametrize(("spare", "must"), [(0, False), (1, True)])
def test_a_window_presses_to_the_second(morning: State, spare: int, *, must: bool) -> None:
    first = morning.orders[0]
    drive = Situation.of(morning).travel.drive(first.pickup, first.delivery)
    pressed = replace(first, latest=morning.next_departure + drive - spare)
    situation = Situation.of(replace(morning, orders=(pressed,)))
    assert situation.latest_departure(pressed) == morning.next_departure - spare
    assert ("nakuru-1" in situation.must_go) is must


def test_the_way_home_presses_when_the_shift_ends_early(morning: State) -> None:
    first = morning.orders[0]
    travel = Situation.of(morning).travel
    there = travel.drive(first.pickup, first.delivery)
    back = travel.drive(first.delivery, first.pickup)
    until = morning.next_departure + there + first.service + back - 1
    vehicles = tuple(replace(vehicle, until=until) for vehicle in morning.vehicles)
    assert "nakuru-1" in Situation.of(replace(morning, vehicles=vehicles)).must_go
    open_ended = tuple(replace(vehicle, end=None) for vehicle in vehicles)
    assert "nakuru-1" not in Situation.of(replace(morning, vehicles=open_ended)).must_go
