"""Maintenance on the calendar: wall times in each store's zone, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from opsroom.stores.maintenance.excused import with_excused
from opsroom.stores.maintenance.spans import Rule, excluded_spans
from opsroom.stores.uptime import HOUR

ZONES = ("America/Chicago", "Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(text: str) -> int:
    return (datetime.fromisoformat(text).astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def stores(*rows: tuple[int, str | None, str | None], first: str, last: str) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"store": pl.Int64, "group": pl.String, "zone": pl.String}, orient="row")
    return frame.with_columns(pl.lit(us(first)).alias("first"), pl.lit(us(last)).alias("last"))


def found(rules: list[Rule], of: pl.DataFrame) -> list[tuple[int, str, str]]:
    def iso(at: int) -> str:
        return (EPOCH + timedelta(microseconds=at)).strftime("%m-%d %H:%M")

    return [(store, iso(start), iso(end)) for store, start, end in excluded_spans(rules, of, "America/Chicago").rows()]


def nightly(store: int | None = None, group: str | None = None, zone: str | None = None) -> Rule:
    return Rule(store, group, zone, datetime(2026, 3, 1, 2), datetime(2026, 3, 1, 4), "FREQ=DAILY")


def test_a_nightly_window_begins_at_the_same_wall_time_before_and_after_the_clocks_change() -> None:
    # In Rome the clocks went from 02:00 to 03:00 on 29 March 2026: that night's 02:00 does not exist.
    rome = stores((1, None, "Europe/Rome"), first="2026-03-28T00:00Z", last="2026-03-31T00:00Z")
    assert found([nightly()], rome) == [
        (1, "03-28 01:00", "03-28 03:00"),
        (1, "03-29 01:00", "03-29 02:00"),  # one hour passed between 02:00 and 04:00
        (1, "03-30 00:00", "03-30 02:00"),
    ]


def test_each_store_has_the_window_in_its_own_zone_unless_it_names_one() -> None:
    both = stores(
        (1, None, "Europe/Rome"), (2, None, "Asia/Kolkata"), first="2026-03-10T00:00Z", last="2026-03-10T12:00Z"
    )
    assert found([nightly()], both) == [(1, "03-10 01:00", "03-10 03:00")]  # Kolkata's was the evening before
    assert found([nightly(zone="Asia/Kolkata")], both) == []
    assert [store for store, *_ in found([nightly(zone="UTC")], both)] == [1, 2]


def test_a_store_in_no_known_zone_takes_the_default() -> None:
    odd = stores(
        (1, None, None),
        (2, None, "Mars/Base"),
        (3, None, " Europe/Rome "),
        first="2026-02-28T00:00Z",
        last="2026-03-02T00:00Z",
    )
    assert found([nightly()], odd) == [
        (1, "03-01 08:00", "03-01 10:00"),
        (2, "03-01 08:00", "03-01 10:00"),
        (3, "03-01 01:00", "03-01 03:00"),
    ]


def test_a_window_concerns_the_stores_of_its_scope() -> None:
    three = stores(
        (1, "north", "UTC"), (2, "south", "UTC"), (3, None, "UTC"), first="2026-03-01T00:00Z", last="2026-03-02T00:00Z"
    )
    assert [store for store, *_ in found([nightly(store=2)], three)] == [2]
    assert [store for store, *_ in found([nightly(group="north")], three)] == [1]
    assert [store for store, *_ in found([nightly()], three)] == [1, 2, 3]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    begin=st.datetimes(datetime(2025, 1, 1), datetime(2025, 12, 31)),
    minutes=st.integers(1, 4000),
    interval=st.integers(1, 5),
    looks=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), min_size=1, max_size=3),
)
def test_spans_agree_with_python_s_own_clock(
    zone: str, begin: datetime, minutes: int, interval: int, looks: list[tuple[int, int]]
) -> None:
    begin = begin.replace(microsecond=0)
    rule = Rule(None, None, None, begin, begin + timedelta(minutes=minutes), f"FREQ=DAILY;INTERVAL={interval}")
    firsts = [us("2025-01-01T00:00Z") + day * 24 * HOUR for day, _ in looks]
    lasts = [first + days * 24 * HOUR + 1 for first, (_, days) in zip(firsts, looks, strict=True)]
    of = pl.DataFrame(
        {
            "store": range(len(looks)),
            "group": [None] * len(looks),
            "zone": [zone] * len(looks),
            "first": firsts,
            "last": lasts,
        }
    )
    expected = set()
    for number in range(600):
        start = begin + number * interval * timedelta(days=1)
        span = [
            (wall.replace(tzinfo=ZoneInfo(zone)) - EPOCH) // timedelta(microseconds=1)
            for wall in (start, start + timedelta(minutes=minutes))
        ]
        for store, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
            if span[0] < span[1] and span[0] < last and span[1] > first:
                expected.add((store, span[0], span[1]))
    # More than what touches a store's span is harmless; less would be wrong.
    listed = set(excluded_spans([rule], of, "UTC").rows())
    assert expected <= listed
    assert {row for row in listed if row[1] < lasts[row[0]] and row[2] > firsts[row[0]]} == expected


def test_the_timeline_tells_maintenance_from_closed_time() -> None:
    spans = [
        (0, 9, "closed"),
        (9, 10, "unknown"),
        (10, 14, "up"),
        (14, 24, "closed"),
        (24, 33, "up"),
        (33, 48, "closed"),
    ]
    opened = [(9, 17), (20, 22), (24, 34), (35, 36)]
    assert list(with_excused(spans, opened)) == [
        (0, 9, "closed"),
        (9, 10, "unknown"),
        (10, 14, "up"),
        (14, 17, "excused"),
        (17, 20, "closed"),
        (20, 22, "excused"),
        (22, 24, "closed"),
        (24, 33, "up"),
        (33, 34, "excused"),
        (34, 35, "closed"),
        (35, 36, "excused"),
        (36, 48, "closed"),
    ]


@given(
    st.lists(st.sampled_from(["closed", "up", "down"]), min_size=1), st.lists(st.booleans(), min_size=60, max_size=60)
)
def test_every_hour_is_excused_exactly_when_it_is_closed_and_would_be_open(
    states: list[str], open_: list[bool]
) -> None:
    hours = states[:60]
    spans = [(hour, hour + 1, state) for hour, state in enumerate(hours)]
    opened = [(hour, hour + 1) for hour in range(60) if open_[hour]]
    shown = {hour: state for start, end, state in with_excused(spans, opened) for hour in range(start, end)}
    expected = {hour: "excused" if state == "closed" and open_[hour] else state for hour, state in enumerate(hours)}
    assert shown == expected
