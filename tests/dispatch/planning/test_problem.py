"""States are checked when made and survive being written down."""

import json
from dataclasses import replace

import pytest

from opsroom.dispatch.planning.problem import ArrivalBelief, State, TravelBelief


def test_a_state_written_as_json_reads_back_the_same(morning: State) -> None:
    state = replace(
        morning,
        decisions_left=3,
        arrivals=ArrivalBelief(hourly=(2.5,), history=morning.orders),
        travel=TravelBelief(corridors=(("Nairobi", "Nakuru", 1.1),)),
    )
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_two_orders_with_one_key_are_refused(morning: State) -> None:
    with pytest.raises(ValueError, match="two of the state's orders share a key"):
        replace(morning, orders=(morning.orders[0], morning.orders[0]))


def test_a_window_that_closes_before_it_opens_is_refused(morning: State) -> None:
    with pytest.raises(ValueError, match="closes before it opens"):
        replace(morning.orders[0], earliest=10, latest=9)


def test_a_negative_weight_is_refused(morning: State) -> None:
    with pytest.raises(ValueError, match="not negative"):
        replace(morning.orders[0], weight=-1)


@pytest.mark.parametrize("speeds", [(), (50.0, 60.0), (0.0,)])
def test_speeds_are_one_or_twenty_four_positive_numbers(speeds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"speeds|empty"):
        TravelBelief(kmh=speeds)


def test_arrivals_without_a_history_to_take_after_are_refused() -> None:
    with pytest.raises(ValueError, match="no order to take after"):
        ArrivalBelief(hourly=(1.0,), history=())
