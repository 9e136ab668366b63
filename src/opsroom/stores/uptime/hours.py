"""Weekly business hours in local wall time as disjoint open intervals in UTC."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opsroom.stores.uptime.evidence import DAY, SECOND
from opsroom.stores.uptime.zones import Int64s, known_zone, utc_from_local

END_OF_DAY_WRITTEN = DAY - SECOND
"""An end of 23:59:59 is how a day's end is written where 24:00 is no time."""


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Rows of hours, one element each: store number, weekday (0 = Monday), start and end in local microseconds."""

    store: Int64s
    day: Int64s
    start: Int64s
    end: Int64s


@dataclass(frozen=True, slots=True)
class Intervals:
    """Disjoint half-open intervals, ordered by store number and start; microseconds UTC."""

    store: Int64s
    start: Int64s
    end: Int64s


def open_intervals(
    hours: WeeklyHours,
    zone_names: list[str],
    zone_of_store: Int64s,
    first: Int64s,
    last: Int64s,
    excluded: Intervals | None = None,
) -> Intervals:
    """The united open time of stores 0..n-1, each within its own [first, last), without the excluded time.

    A store without rows is always open. An interval that goes on beyond first or last is cut there.
    """
    shifts = _shifts_on_calendar(hours, zone_names, zone_of_store, first, last)
    with_rows = np.zeros(len(first), dtype=np.bool_)
    with_rows[hours.store] = True
    always = np.flatnonzero(~with_rows)
    opened = Intervals(
        np.concatenate([shifts.store, always]),
        np.concatenate([shifts.start, first[always]]),
        np.concatenate([shifts.end, last[always]]),
    )
    return _unite(_cut(opened, first, last), excluded and _cut(excluded, first, last))


def _shifts_on_calendar(
    hours: WeeklyHours, zone_names: list[str], zone_of_store: Int64s, first: Int64s, last: Int64s
) -> Intervals:
    """Every occurrence of every row that can touch its store's span.

    Local dates run from two days before the span (a shift of 24 wall hours that began on the previous local day,
    west of UTC) to one day after it (east of UTC).
    """
    earliest = first[hours.store] // DAY - 2
    latest = last[hours.store] // DAY + 1
    weekday = (earliest + 3) % 7  # 1970-01-01 was a Thursday
    date = earliest + (hours.day - weekday) % 7
    count = np.maximum((latest - date) // 7 + 1, 0)
    row = np.repeat(np.arange(len(count)), count)
    week = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    midnight = (date[row] + 7 * week) * DAY
    start, end = hours.start, _literal_end(hours)
    store = hours.store[row]
    zone = zone_of_store[store]
    return Intervals(
        store,
        _to_utc(zone_names, zone, midnight + start[row]),
        _to_utc(zone_names, zone, midnight + end[row]),
    )


def _literal_end(hours: WeeklyHours) -> Int64s:
    """Ends counted from the midnight before the start: up to 48 hours."""
    end = np.where(hours.end == END_OF_DAY_WRITTEN, DAY, hours.end)
    next_day = (hours.end == hours.start) | (end < hours.start)  # equal as written: 24 wall hours
    return np.where(next_day, hours.end + DAY, end)


def _to_utc(zone_names: list[str], zone: Int64s, local: Int64s) -> Int64s:
    instants = np.empty_like(local)
    for number, name in enumerate(zone_names):
        rows = np.flatnonzero(zone == number)
        zone_info = known_zone(name)
        assert zone_info is not None, name  # noqa: S101 the caller has replaced unknown names by the default
        instants[rows] = utc_from_local(zone_info, local[rows])
    return instants


def _cut(intervals: Intervals, first: Int64s, last: Int64s) -> Intervals:
    start = np.maximum(intervals.start, first[intervals.store])
    end = np.minimum(intervals.end, last[intervals.store])
    some = end > start  # a shift inside a gap of the clocks ends before it starts: it is empty
    return Intervals(intervals.store[some], start[some], end[some])


def _unite(opened: Intervals, excluded: Intervals | None) -> Intervals:
    """The union of the open intervals minus the excluded ones, by a sweep over all edges.

    Depth counts the open intervals around an instant; an excluded one outweighs any number of them.
    """
    edges = [(opened.store, opened.start, 1), (opened.store, opened.end, -1)]
    if excluded is not None:
        heavy = len(opened.store) + 1
        edges += [(excluded.store, excluded.start, -heavy), (excluded.store, excluded.end, heavy)]
    store = np.concatenate([store for store, _, _ in edges])
    if len(store) == 0:
        return opened
    instant = np.concatenate([instant for _, instant, _ in edges])
    weight = np.concatenate([np.full(len(part), weight) for part, _, weight in edges])
    order = _order(store, instant)
    store, instant, weight = store[order], instant[order], weight[order]
    last_of_instant = np.append((store[1:] != store[:-1]) | (instant[1:] != instant[:-1]), True)
    open_after = np.cumsum(weight)[last_of_instant] > 0
    store, instant = store[last_of_instant], instant[last_of_instant]
    turns = open_after != np.append(False, open_after[:-1])
    store, instant = store[turns], instant[turns]  # openings and closings alternate, and end closed in each store
    return Intervals(store[::2], instant[::2], instant[1::2])


def _order(store: Int64s, instant: Int64s) -> npt.NDArray[np.intp]:
    base = instant.min()
    width = int(instant.max() - base) + 1
    if int(store.max()) < (1 << 62) // width:
        return np.argsort(store * width + (instant - base))
    return np.lexsort((instant, store))
