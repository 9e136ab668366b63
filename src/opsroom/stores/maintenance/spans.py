"""Maintenance windows on the calendar: which spans of which stores are not open time. Values in, a frame out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from opsroom.core.recurrence import occurrences
from opsroom.stores.uptime import known_zone, utc_from_local
from opsroom.stores.uptime.zones import Int64s

EPOCH = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)
ZONES_APART = timedelta(days=2)  # more than any wall clock is ahead of or behind UTC
SCHEMA = {"store": pl.Int64, "start": pl.Int64, "end": pl.Int64}


@dataclass(frozen=True, slots=True)
class Rule:
    """One maintenance window. Neither store nor group: all stores. No zone: each store's own."""

    store: int | None
    group: str | None
    zone: str | None
    start_local: datetime
    end_local: datetime
    recurrence: str | None = None


def excluded_spans(rules: Sequence[Rule], stores: pl.DataFrame, default_zone: str) -> pl.DataFrame:
    """Store, start and end (microseconds UTC) of every occurrence that touches a store's span of interest.

    stores: store, group, zone, first, last: [first, last) is what a computation looks at of that store
    """
    known = stores.with_columns(_zone_in_force(stores["zone"], default_zone))
    found = [pl.DataFrame(schema=SCHEMA)]
    for rule in rules:
        concerned = known.filter(_concerns(rule))
        if rule.zone is not None:
            concerned = concerned.with_columns(pl.lit(rule.zone).alias("zone"))
        found += [_spans(rule, str(zone), part) for (zone,), part in concerned.group_by("zone", maintain_order=True)]
    return pl.concat(found).sort("store", "start", "end")


def _zone_in_force(zones: pl.Series, default_zone: str) -> pl.Series:
    names = zones.cast(pl.String).str.strip_chars()
    unknown = [name for name in names.unique().to_list() if known_zone(name) is None]
    return names.replace(dict.fromkeys(unknown, default_zone)).fill_null(default_zone).alias("zone")


def _concerns(rule: Rule) -> pl.Expr:
    if rule.store is not None:
        return pl.col("store") == rule.store
    return pl.lit(value=True) if rule.group is None else pl.col("group") == rule.group


def _spans(rule: Rule, zone_name: str, stores: pl.DataFrame) -> pl.DataFrame:
    """The occurrences in one zone, each for the stores whose span it touches."""
    first, last = stores["first"].to_numpy(), stores["last"].to_numpy()
    starts, ends = _in_utc(rule, zone_name, int(first.min()), int(last.max()))
    # Ordered by start, and as all are equally long on the wall, by end as well but for a change of the clocks.
    reach = np.maximum.accumulate(ends) if len(ends) else ends
    low = np.searchsorted(reach, first, side="right")
    count = np.maximum(np.searchsorted(starts, last, side="left") - low, 0)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    spans = {"store": np.repeat(stores["store"].to_numpy(), count), "start": starts[place], "end": ends[place]}
    return pl.DataFrame(spans, schema=SCHEMA).filter(pl.col("start") < pl.col("end"))


def _in_utc(rule: Rule, zone_name: str, first: int, last: int) -> tuple[Int64s, Int64s]:
    zone = known_zone(zone_name)
    assert zone is not None, zone_name  # noqa: S101  unknown names were replaced or refused before
    length = rule.end_local - rule.start_local
    earliest, latest = _wall(first) - length - ZONES_APART, _wall(last) + ZONES_APART
    begins = list(occurrences(rule.recurrence, rule.start_local, earliest, latest))
    local = np.array([[_count(begin), _count(begin + length)] for begin in begins], dtype=np.int64).reshape(-1, 2)
    instants = utc_from_local(zone, local.reshape(-1)).reshape(-1, 2)
    return instants[:, 0], instants[:, 1]


def _wall(microseconds: int) -> datetime:
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)).replace(tzinfo=None)


def _count(wall: datetime) -> int:
    return (wall - EPOCH) // MICROSECOND
