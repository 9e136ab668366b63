"""Sorting and collapsing observations, on one packed integer and on three columns."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from opsroom.stores.uptime.keys import number_stores
from opsroom.stores.uptime.observations import Arranged, _arrange_wide, arrange

rows = st.lists(st.tuples(st.integers(-3, 3), st.integers(-4, 4), st.integers(0, 1)), max_size=30)


def frame_of(polls: list[tuple[int, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(polls, schema={"store": pl.Int64, "instant": pl.Int64, "status": pl.Int8}, orient="row")


def content(arranged: Arranged) -> list[tuple[int, int, bool]]:
    seen = arranged.observations
    return list(zip(seen.store_numbers().tolist(), seen.instant.tolist(), seen.up.tolist(), strict=True))


@given(rows)
def test_rows_are_sorted_and_one_an_instant_with_down_before_up(polls: list[tuple[int, int, int]]) -> None:
    frame = frame_of(polls)
    arranged = arrange(frame, number_stores([frame["store"]]))
    place = {store: number for number, store in enumerate(sorted({store for store, _, _ in polls}))}
    states: dict[tuple[int, int], set[int]] = {}
    for store, instant, status in polls:
        states.setdefault((place[store], instant), set()).add(status)
    assert content(arranged) == [(*key, seen == {1}) for key, seen in sorted(states.items())]
    assert arranged.contradictions == sum(len(seen) == 2 for seen in states.values())
    assert arranged.duplicates == len(polls) - sum(len(seen) for seen in states.values())


@given(rows.filter(bool))
def test_three_columns_give_the_same_as_one_packed_integer(polls: list[tuple[int, int, int]]) -> None:
    frame = frame_of(polls)
    numbering = number_stores([frame["store"]])
    packed, wide = arrange(frame, numbering), _arrange_wide(frame, numbering)
    assert content(packed) == content(wide)
    assert (packed.duplicates, packed.contradictions) == (wide.duplicates, wide.contradictions)


def test_instants_too_far_apart_to_be_packed_are_sorted_all_the_same() -> None:
    frame = frame_of([(1, 1 << 60, 1), (1, -(1 << 60), 0), (0, 5, 1)])
    assert content(arrange(frame, number_stores([frame["store"]]))) == [
        (0, 5, True),
        (1, -(1 << 60), False),
        (1, 1 << 60, True),
    ]
