"""What observations say about open time: segments of known state."""

from dataclasses import dataclass

import numpy as np

from opsroom.stores.uptime.evidence import EvidenceProfile
from opsroom.stores.uptime.hours import Intervals
from opsroom.stores.uptime.observations import Flags, Observations
from opsroom.stores.uptime.zones import Int64s


@dataclass(frozen=True, slots=True)
class Segments:
    """Disjoint spans of known state, ordered by store number and start; they may reach over closed time."""

    store: Int64s
    start: Int64s
    end: Int64s
    up: Flags


@dataclass(frozen=True, slots=True)
class Line:
    """All stores behind one another on one axis, so that one sorted search serves them all.

    The instant t of store s lies at s * width + t - base.
    """

    base: int
    width: int

    def at(self, store: Int64s, instant: Int64s) -> Int64s:
        return store * self.width + (instant - self.base)


def line_over(first: Int64s, last: Int64s, instant: Int64s) -> Line:
    """A line that holds [first, last] of every store, and every observation."""
    base = int(first.min())
    end = int(last.max())
    if len(instant):
        base, end = min(base, int(instant.min())), max(end, int(instant.max()))
    return Line(base, end - base + 2)


def known_segments(observations: Observations, opened: Intervals, profile: EvidenceProfile, line: Line) -> Segments:
    """The span of each observation: to the next one, the carry or the end of its group; the first also reaches back.

    A group is an open interval, or, when evidence outside hours counts, the whole life of the store.
    """
    store = observations.store_numbers()
    if profile.inside_hours_only:
        index, group = _inside(line.at(store, observations.instant), opened, line)
        store, instant, up = store[index], observations.instant[index], observations.up[index]
        group_start, group_end = opened.start[group], opened.end[group]
    else:
        instant, up, group = observations.instant, observations.up, store
        group_start = np.full(len(store), line.base)
        group_end = np.full(len(store), line.base + line.width - 1)
    begins = np.append(True, group[1:] != group[:-1])[: len(group)]
    start, end = instant.copy(), group_end
    end[:-1] = np.where(begins[1:], end[:-1], instant[1:])
    if profile.carry is not None:
        np.minimum(end, instant + profile.carry, out=end)
    reach = group_start[begins]
    start[begins] = reach if profile.back is None else np.maximum(reach, instant[begins] - profile.back)
    return Segments(store, start, end, up)


def _inside(at: Int64s, opened: Intervals, line: Line) -> tuple[Int64s, Int64s]:
    """Positions of the observations that lie in an open interval, and the number of that interval.

    The intervals are searched in the observations, not the reverse: there are far fewer of them.
    """
    low = np.searchsorted(at, line.at(opened.store, opened.start))
    high = np.searchsorted(at, line.at(opened.store, opened.end))
    count = high - low
    group = np.repeat(np.arange(len(count)), count)
    index = np.arange(len(group)) + np.repeat(low - (np.cumsum(count) - count), count)
    return index, group


def within_open_time(segments: Segments, opened: Intervals, line: Line) -> Segments:
    """The parts of segments that lie in open time: one part for each open interval a segment touches."""
    opens = line.at(opened.store, opened.start)
    closes = line.at(opened.store, opened.end)
    low = np.searchsorted(closes, line.at(segments.store, segments.start), side="right")
    high = np.searchsorted(opens, line.at(segments.store, segments.end), side="left")
    count = np.maximum(high - low, 0)
    source = np.repeat(np.arange(len(count)), count)
    interval = np.arange(len(source)) + np.repeat(low - (np.cumsum(count) - count), count)
    return Segments(
        segments.store[source],
        np.maximum(segments.start[source], opened.start[interval]),
        np.minimum(segments.end[source], opened.end[interval]),
        segments.up[source],
    )
