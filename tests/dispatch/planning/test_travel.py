"""Distances and times, against figures worked out by hand."""

import math

import numpy as np
import pytest

from opsroom.dispatch.planning.problem import Place, TravelBelief
from opsroom.dispatch.planning.travel import GreatCircle, TravelMatrix, distinct, great_circle_metres

EQUATOR = [Place("zero", 0, 0, "A"), Place("one", 0, 1, "B"), Place("pole", 90, 0, "C")]


def test_a_degree_along_the_equator_is_a_360th_of_the_way_round() -> None:
    metres = great_circle_metres(EQUATOR)
    assert metres[0, 1] == pytest.approx(2 * math.pi * 6_371_008.8 / 360)
    assert metres[0, 2] == pytest.approx(2 * math.pi * 6_371_008.8 / 4)
    assert np.array_equal(metres, metres.T)
    assert not metres.diagonal().any()


def test_the_road_is_longer_than_the_circle_and_the_speed_is_that_of_the_hour() -> None:
    speeds = tuple(60.0 if hour == 9 else 30.0 for hour in range(24))
    roads = GreatCircle(TravelBelief(road_factor=1.5, kmh=speeds, utc_offset=3 * 3600))
    at_nine = roads.matrix(EQUATOR, departure=6 * 3600)
    at_ten = roads.matrix(EQUATOR, departure=7 * 3600)
    assert at_nine.distance(EQUATOR[0], EQUATOR[1]) == 166_793
    assert at_nine.drive(EQUATOR[0], EQUATOR[1]) == round(166_793 / 60 * 3.6)
    assert at_ten.drive(EQUATOR[0], EQUATOR[1]) == round(166_793 / 30 * 3.6)


def test_a_corridor_is_corrected_in_both_directions_and_nothing_else_is() -> None:
    plain = GreatCircle(TravelBelief()).matrix(EQUATOR, 0)
    slow = GreatCircle(TravelBelief(corridors=(("A", "B", 2.0),))).matrix(EQUATOR, 0)
    assert slow.seconds[0, 1] == slow.seconds[1, 0] == pytest.approx(2 * plain.seconds[0, 1], abs=1)
    assert slow.seconds[0, 2] == plain.seconds[0, 2]
    assert np.array_equal(slow.metres, plain.metres)


def test_an_hour_of_a_corridor_takes_the_corridors_place_and_a_vehicle_has_its_pace() -> None:
    belief = TravelBelief(corridors=(("A", "B", 2.0),), hours=(("A", "B", 9, 3.0),))
    plain = GreatCircle(TravelBelief()).matrix(EQUATOR, 0)
    at_nine = GreatCircle(belief).matrix(EQUATOR, 6 * 3600)
    at_ten = GreatCircle(belief).matrix(EQUATOR, 7 * 3600)
    assert at_nine.seconds[0, 1] == at_nine.seconds[1, 0] == pytest.approx(3 * plain.seconds[0, 1], abs=2)
    assert at_ten.seconds[0, 1] == pytest.approx(2 * plain.seconds[0, 1], abs=1)
    assert plain.drive(EQUATOR[0], EQUATOR[1], 1.25) == round(plain.drive(EQUATOR[0], EQUATOR[1]) * 1.25)


def test_places_are_told_apart_by_key_and_keep_their_order() -> None:
    again = Place("zero", 0, 0, "A")
    assert distinct([*EQUATOR, again]) == tuple(EQUATOR)


def test_matrices_that_do_not_fit_the_places_are_refused() -> None:
    with pytest.raises(ValueError, match="1 places need matrices"):
        TravelMatrix({"a": 0}, np.zeros((2, 2), dtype=np.int64), np.zeros((2, 2), dtype=np.int64))
