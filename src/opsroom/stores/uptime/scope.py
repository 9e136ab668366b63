"""The part of the observations and of the calendar that can matter to a span of time."""

from dataclasses import dataclass

import numpy as np

from opsroom.stores.uptime.evidence import EvidenceProfile
from opsroom.stores.uptime.observations import Observations
from opsroom.stores.uptime.zones import Int64s


@dataclass(frozen=True, slots=True)
class Scope:
    """Observations that matter, and for each store the span [first, last) in which its open time must be known."""

    observations: Observations
    first: Int64s
    last: Int64s


def scope(observations: Observations, start: int, end: int, profile: EvidenceProfile) -> Scope:
    """Keep what lies in [start, end), the one observation before it, and the one after it if it reaches back.

    The one before may be carried in; it also tells whether the first one inside is the first of its open
    interval, which is why open time is laid out from there on, however long ago it was.
    """
    low, high = _positions(observations, start), _positions(observations, end)
    begins, ends = observations.first[:-1], observations.first[1:]
    before = low > begins
    after = high < ends
    following = observations.instant[np.minimum(high, len(observations.instant) - 1)] if after.any() else high
    if profile.back is not None:
        after &= following < end + profile.back
    if profile.carry is not None:
        preceding = observations.instant[np.maximum(low - 1, 0)] if before.any() else low
        before &= (high > low) | after | (preceding + profile.carry > start)
    low, high = low - before, high + after
    kept = _slice(observations, low, high)
    first = np.full(len(low), start)
    last = np.full(len(low), end)
    if profile.inside_hours_only:
        first[before] = np.minimum(start, observations.instant[low[before]])
        last[after] = np.maximum(end, observations.instant[high[after] - 1] + 1)
    return Scope(kept, first, last)


def _positions(observations: Observations, instant: int) -> Int64s:
    """For each store, the index of its first observation at or after the instant."""
    earlier = np.concatenate([[0], np.cumsum(observations.instant < instant)])
    begins = observations.first[:-1]
    counted: Int64s = begins + earlier[observations.first[1:]] - earlier[begins]
    return counted


def _slice(observations: Observations, low: Int64s, high: Int64s) -> Observations:
    count = high - low
    first = np.concatenate([[0], np.cumsum(count)])
    if first[-1] == len(observations.instant):
        return observations
    index = np.arange(first[-1]) + np.repeat(low - first[:-1], count)
    return Observations(first, observations.instant[index], observations.up[index])
