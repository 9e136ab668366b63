"""The engine's view of its input frames: numbered stores, sorted observations, hours, zones; and what was odd."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl

from opsroom.stores.uptime.evidence import DAY, EvidenceProfile
from opsroom.stores.uptime.hours import Intervals, WeeklyHours, open_intervals
from opsroom.stores.uptime.keys import Numbering, number_stores
from opsroom.stores.uptime.known import Segments, known_segments, line_over, within_open_time
from opsroom.stores.uptime.observations import Observations, arrange
from opsroom.stores.uptime.scope import scope
from opsroom.stores.uptime.zones import Int64s, known_zone
from opsroom.stores.uptime.zones_of_stores import assign_zones

Result = TypeVar("Result")

OBSERVATIONS_AT_ONCE = 400_000
"""Stores are taken in runs of about so many observations: memory stays level, arrays stay near the cache."""

THREADS = 2
STORES_AT_ONCE = 20_000
STORE_WEEKS_AT_ONCE = 100_000
"""Hours are laid out on the calendar, so a long span is taken with fewer stores at a time."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was odd in the input, over all of it."""

    stores: int
    observed_stores: int
    observations: int
    duplicates: int
    contradictions: int
    stores_without_hours: int
    stores_without_zone: int
    stores_in_unknown_zone: int
    stores_with_conflicting_zones: int
    unknown_zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Stores 0..n-1 under their keys, with all that is known of them."""

    keys: pl.Series
    observations: Observations
    hours: WeeklyHours
    zone_names: list[str]
    zone_of_store: Int64s
    excluded: Intervals | None
    quality: Quality


@dataclass(frozen=True, slots=True)
class Run:
    """A run of stores: open time and known state of the stores begin..end-1, numbered from 0 within the run."""

    begin: int
    end: int
    opened: Intervals
    known: Segments


def fleet(
    observations: pl.DataFrame,
    hours: pl.DataFrame,
    zones: pl.DataFrame,
    default_zone: str,
    excluded: pl.DataFrame | None = None,
) -> Fleet:
    """Number the stores of all frames and arrange their rows; see the package for the frames' columns."""
    if known_zone(default_zone) is None:
        raise ValueError(f"the default zone {default_zone!r} is no IANA time zone")
    frames = [observations, hours, zones, *([] if excluded is None else [excluded])]
    numbering = number_stores([frame["store"] for frame in frames])
    arranged = arrange(observations, numbering)
    weekly = _weekly(hours, numbering)
    assigned = assign_zones(len(numbering.keys), numbering.number(zones["store"]), zones["zone"], default_zone)
    quality = Quality(
        stores=len(numbering.keys),
        observed_stores=int(np.count_nonzero(np.diff(arranged.observations.first))),
        observations=len(arranged.observations.instant),
        duplicates=arranged.duplicates,
        contradictions=arranged.contradictions,
        stores_without_hours=len(numbering.keys) - len(np.unique(weekly.store)),
        stores_without_zone=assigned.without,
        stores_in_unknown_zone=assigned.mistaken,
        stores_with_conflicting_zones=assigned.conflicting,
        unknown_zones=assigned.unknown,
    )
    return Fleet(
        numbering.keys,
        arranged.observations,
        weekly,
        assigned.names,
        assigned.of_store,
        None if excluded is None else _excluded(excluded, numbering),
        quality,
    )


def over_runs(
    of: Fleet, start: int, end: int, profile: EvidenceProfile, account: Callable[[Run], Result]
) -> Iterator[tuple[slice, Result]]:
    """Account for runs of stores, with their open time and known state that touch [start, end), in order.

    The runs are worked on in threads: the time goes into array operations, which leave the interpreter free.
    """
    bounds = list(_bounds(of, _stores_at_once(of.observations, start, end)))

    def work(stores: tuple[int, int]) -> Result:
        return account(_run(of, *stores, start, end, profile))

    if len(bounds) > 1:
        with ThreadPoolExecutor(THREADS) as pool:
            results = list(pool.map(work, bounds))
    else:
        results = [work(stores) for stores in bounds]
    yield from ((slice(*stores), result) for stores, result in zip(bounds, results, strict=True))


def _bounds(of: Fleet, at_once: int) -> Iterator[tuple[int, int]]:
    begin = 0
    while begin < len(of.keys):
        until = min(_run_end(of.observations.first, begin), begin + at_once)
        yield begin, until
        begin = until


def _stores_at_once(observations: Observations, start: int, end: int) -> int:
    """So few that their calendars fit into memory, and all their times behind one another into 62 bits."""
    earliest, latest = start, end
    if len(observations.instant):
        earliest = min(start, int(observations.instant.min()))
        latest = max(end, int(observations.instant.max()))
    weeks = (end - start) // (7 * DAY) + 1
    return max(1, min(STORES_AT_ONCE, STORE_WEEKS_AT_ONCE // weeks, (1 << 62) // (latest - earliest + 2)))


def _run_end(first: Int64s, begin: int) -> int:
    full = int(np.searchsorted(first, first[begin] + OBSERVATIONS_AT_ONCE, side="right")) - 1
    return min(max(full, begin + 1), len(first) - 1)


def _run(of: Fleet, begin: int, end: int, start: int, stop: int, profile: EvidenceProfile) -> Run:
    first = of.observations.first[begin : end + 1]
    part = slice(first[0], first[-1])
    own = Observations(first - first[0], of.observations.instant[part], of.observations.up[part])
    relevant = scope(own, start, stop, profile)
    opened = open_intervals(
        _hours_of(of.hours, begin, end),
        of.zone_names,
        of.zone_of_store[begin:end],
        relevant.first,
        relevant.last,
        None if of.excluded is None else _intervals_of(of.excluded, begin, end),
    )
    line = line_over(relevant.first, relevant.last, relevant.observations.instant)
    known = known_segments(relevant.observations, opened, profile, line)
    if not profile.inside_hours_only:
        known = within_open_time(known, opened, line)
    return Run(begin, end, opened, known)


def _weekly(hours: pl.DataFrame, numbering: Numbering) -> WeeklyHours:
    store = numbering.number(hours["store"])
    order = np.argsort(store, kind="stable")
    day, start, end = (hours[name].cast(pl.Int64).to_numpy()[order] for name in ("day", "start", "end"))
    return WeeklyHours(store[order], day, start, end)


def _hours_of(hours: WeeklyHours, begin: int, end: int) -> WeeklyHours:
    low, high = np.searchsorted(hours.store, [begin, end])
    part = slice(low, high)
    return WeeklyHours(hours.store[part] - begin, hours.day[part], hours.start[part], hours.end[part])


def _excluded(excluded: pl.DataFrame, numbering: Numbering) -> Intervals:
    store = numbering.number(excluded["store"])
    order = np.argsort(store, kind="stable")
    start, end = (excluded[name].cast(pl.Int64).to_numpy()[order] for name in ("start", "end"))
    return Intervals(store[order], start, end)


def _intervals_of(intervals: Intervals, begin: int, end: int) -> Intervals:
    low, high = np.searchsorted(intervals.store, [begin, end])
    part = slice(low, high)
    return Intervals(intervals.store[part] - begin, intervals.start[part], intervals.end[part])
