"""The engine against a slow reference that asks the definition at every point where anything can change.

The reference shares no code with the engine: it walks over local dates with zoneinfo, and decides each piece of time
between two neighbouring edges by the sentences of the specification.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsroom.stores.uptime import CLASSIC, STRICT, EvidenceProfile, Window, timeline, uptime
from opsroom.stores.uptime import fleet as fleet_module

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FOREVER = 10**18

TURNING_POINTS = [
    ("America/New_York", datetime(2023, 3, 12, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2023, 11, 5, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2023, 10, 1, 15, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2023, 4, 1, 15, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2024, 4, 6, 14, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2024, 3, 31, 1, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2024, 3, 10, 2, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2024, 10, 27, 1, tzinfo=UTC)),
    ("America/St_Johns", datetime(2006, 10, 29, 2, 31, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2023, 6, 1, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(2023, 6, 1, tzinfo=UTC)),
]


@dataclass(frozen=True)
class Store:
    zone: str
    hours: list[tuple[int, int, int]]
    polls: list[tuple[int, int]]


def instants(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def local_instant(zone: str, day: date, since_midnight: int) -> int:
    wall = datetime(day.year, day.month, day.day) + timedelta(microseconds=since_midnight)  # noqa: DTZ001
    return instants(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))


def open_intervals(store: Store, start: int, end: int) -> list[tuple[int, int]]:
    if not store.hours:
        return [(-FOREVER, FOREVER)]
    shifts = []
    day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=start)).date() - timedelta(days=20)
    last = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=end)).date() + timedelta(days=20)
    while day <= last:
        for weekday, opens, closes in store.hours:
            if weekday != day.weekday():
                continue
            length_end = closes
            if closes == opens:
                length_end = closes + DAY
            elif closes == 23 * HOUR + 59 * MINUTE + 59_000_000:
                length_end = DAY
            elif closes < opens:
                length_end = closes + DAY
            shifts.append((local_instant(store.zone, day, opens), local_instant(store.zone, day, length_end)))
        day += timedelta(days=1)
    united: list[tuple[int, int]] = []
    for opens, closes in sorted(shift for shift in shifts if shift[0] < shift[1]):
        if united and opens <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], closes))
        else:
            united.append((opens, closes))
    return united


def state_at(point: int, polls: dict[int, int], opened: list[tuple[int, int]], profile: EvidenceProfile) -> str:
    here = [(opens, closes) for opens, closes in opened if opens <= point < closes]
    if not here:
        return "closed"
    low, high = here[0] if profile.inside_hours_only else (-FOREVER, FOREVER)
    mine = sorted(instant for instant in polls if low <= instant < high)
    earlier = [instant for instant in mine if instant <= point]
    carry = FOREVER if profile.carry is None else profile.carry
    back = FOREVER if profile.back is None else profile.back
    if earlier:
        return ("down", "up")[polls[earlier[-1]]] if point < earlier[-1] + carry else "unknown"
    if mine and point >= mine[0] - back:
        return ("down", "up")[polls[mine[0]]]
    return "unknown"


def reference(store: Store, window: Window, profile: EvidenceProfile) -> list[tuple[int, int, str]]:
    polls: dict[int, int] = {}
    for instant, status in store.polls:
        polls[instant] = min(status, polls.get(instant, 1))
    everything = [window.start, window.end, *polls]
    opened = open_intervals(store, min(everything), max(everything))
    edges = {window.start, window.end, *(edge for interval in opened for edge in interval)}
    for instant in polls:
        edges |= {instant, instant + (profile.carry or 0), instant - (profile.back or 0)}
    points = sorted(edge for edge in edges if window.start <= edge <= window.end)
    spans: list[tuple[int, int, str]] = []
    for start, end in pairwise(points):
        state = state_at(start, polls, opened, profile)
        if spans and spans[-1][2] == state:
            spans[-1] = (spans[-1][0], end, state)
        else:
            spans.append((start, end, state))
    return spans


def frames(stores: list[Store]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    polls = [(number, instant, status) for number, store in enumerate(stores) for instant, status in store.polls]
    hours = [(number, *row) for number, store in enumerate(stores) for row in store.hours]
    zones = [(number, store.zone) for number, store in enumerate(stores)]
    return (
        pl.DataFrame(polls, schema={"store": pl.Int64, "instant": pl.Int64, "status": pl.Int8}, orient="row"),
        pl.DataFrame(
            hours, schema={"store": pl.Int64, "day": pl.Int8, "start": pl.Int64, "end": pl.Int64}, orient="row"
        ),
        pl.DataFrame(zones, schema={"store": pl.Int64, "zone": pl.String}, orient="row"),
    )


quarters = st.integers(0, 95).map(lambda quarter: quarter * 15 * MINUTE)
starts = st.one_of(quarters, st.sampled_from([0, 2 * HOUR, 2 * HOUR + 30 * MINUTE, DAY - MINUTE, DAY - 1_000_000]))
ends = st.one_of(
    quarters, st.sampled_from([0, 3 * HOUR, DAY - MINUTE, DAY - 1_000_000, DAY - 500_000, DAY, 2 * HOUR + 30 * MINUTE])
)
shift_rows = st.lists(st.tuples(st.integers(0, 6), starts, ends), max_size=8)
full_weeks = st.tuples(starts, ends).map(lambda times: [(day, *times) for day in range(7)])


@st.composite
def store_near(draw: st.DrawFn, zone: str, middle: int) -> Store:
    near = st.integers(-4 * 24 * 12, 4 * 24 * 12).map(lambda step: middle + step * 5 * MINUTE)
    long_ago = st.integers(-40, 40).map(lambda step: middle + step * DAY)
    polls = draw(st.lists(st.tuples(st.one_of(near, near, near, long_ago), st.integers(0, 1)), max_size=12))
    return Store(zone, draw(st.one_of(shift_rows, full_weeks)), polls)


@st.composite
def fleets(draw: st.DrawFn) -> tuple[list[Store], list[Window]]:
    zone, turning = draw(st.sampled_from(TURNING_POINTS))
    middle = instants(turning)
    other = draw(st.sampled_from(TURNING_POINTS))[0]
    stores = [draw(store_near(draw(st.sampled_from([zone, other])), middle)) for _ in range(draw(st.integers(1, 3)))]
    edges = st.integers(-5 * 24 * 4, 5 * 24 * 4).map(lambda step: middle + step * 15 * MINUTE)
    pairs = draw(st.lists(st.tuples(edges, edges), min_size=1, max_size=3))
    return stores, [Window(str(number), *sorted(pair)) for number, pair in enumerate(pairs)]


profiles = st.one_of(
    st.sampled_from([STRICT, CLASSIC]),
    st.builds(
        EvidenceProfile,
        st.sampled_from([None, 0, 20 * MINUTE, 5 * HOUR]),
        st.sampled_from([None, 0, 20 * MINUTE, 5 * HOUR]),
        st.booleans(),
    ),
)


@settings(max_examples=400, deadline=None)
@given(fleets(), profiles)
def test_every_sum_equals_the_definition(fleet: tuple[list[Store], list[Window]], profile: EvidenceProfile) -> None:
    stores, windows = fleet
    result = uptime(*frames(stores), windows, profile).frame
    seen = {(row["store"], row["window"]): row for row in result.iter_rows(named=True)}
    for number, store in enumerate(stores):
        for window in windows:
            sums = dict.fromkeys(("up", "down", "unknown", "closed"), 0)
            for start, end, state in reference(store, window, profile):
                sums[state] += end - start
            row = seen[number, window.name]
            assert {name: row[name] for name in ("up", "down", "unknown")} == {
                name: sums[name] for name in ("up", "down", "unknown")
            }
            assert row["open"] == row["up"] + row["down"] + row["unknown"]


@settings(max_examples=200, deadline=None)
@given(fleets(), profiles)
def test_the_timeline_equals_the_definition(fleet: tuple[list[Store], list[Window]], profile: EvidenceProfile) -> None:
    stores, windows = fleet
    window = Window("any", windows[0].start, windows[0].end + HOUR)
    spans = timeline(*frames(stores), window, profile)
    for number, store in enumerate(stores):
        mine = spans.filter(pl.col("store") == number).select("start", "end", pl.col("state").cast(pl.String)).rows()
        assert mine == reference(store, window, profile)


@settings(max_examples=100, deadline=None)
@given(fleets(), profiles)
def test_taking_the_stores_one_at_a_time_changes_nothing(
    fleet: tuple[list[Store], list[Window]], profile: EvidenceProfile
) -> None:
    stores, windows = fleet
    window = Window("any", windows[0].start, windows[0].end + HOUR)
    together = uptime(*frames(stores), windows, profile).frame, timeline(*frames(stores), window, profile)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet_module, "STORES_AT_ONCE", 1)
        apart = uptime(*frames(stores), windows, profile).frame, timeline(*frames(stores), window, profile)
    assert [frame.rows() for frame in apart] == [frame.rows() for frame in together]


@pytest.mark.parametrize(("zone", "turning"), TURNING_POINTS)
def test_the_reference_itself_knows_when_a_day_is_not_24_hours_long(zone: str, turning: datetime) -> None:
    always = Store(zone, [(day, 0, DAY) for day in range(7)], [])
    around = Window("around", instants(turning) - DAY, instants(turning) + DAY)
    assert reference(always, around, STRICT) == [(around.start, around.end, "unknown")]
