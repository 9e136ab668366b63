"""Uptime, downtime and unknown time of every store in every window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from opsroom.stores.uptime.evidence import STRICT, EvidenceProfile
from opsroom.stores.uptime.fleet import Quality, Run, fleet, over_runs
from opsroom.stores.uptime.windows import Window, span
from opsroom.stores.uptime.zones import Int64s

DEFAULT_ZONE = "America/Chicago"

MEASURES = ("open", "up", "down", "unknown")


@dataclass(frozen=True, slots=True)
class Uptime:
    """One row for each store (ascending) and window (in the given order), exact integers in microseconds.

    Columns: store, window, open, up, down, unknown; up + down + unknown = open.
    """

    frame: pl.DataFrame
    quality: Quality


def uptime(
    observations: pl.DataFrame,
    hours: pl.DataFrame,
    zones: pl.DataFrame,
    windows: Sequence[Window],
    profile: EvidenceProfile = STRICT,
    *,
    default_zone: str = DEFAULT_ZONE,
    excluded: pl.DataFrame | None = None,
    observed_only: bool = False,
) -> Uptime:
    """Account for the open time of every store of any frame; see the package for the frames' columns.

    excluded: spans (store, start, end in microseconds UTC) taken out of open time, as maintenance is.
    observed_only: leave out stores without a single observation.
    """
    if len({window.name for window in windows}) != len(windows) or not windows:
        raise ValueError("give at least one window, each with a name of its own")
    known = fleet(observations, hours, zones, default_zone, excluded)
    sums = np.zeros((len(known.keys), len(windows), len(MEASURES)), dtype=np.int64)

    def account(run: Run) -> Int64s:
        return np.stack([_measure(run, window) for window in windows], axis=1)

    for stores, measured in over_runs(known, *span(windows), profile, account):
        sums[stores] = measured
    shown = np.arange(len(known.keys))
    if observed_only:
        shown = np.flatnonzero(np.diff(known.observations.first))
    return Uptime(_frame(known.keys.gather(shown), windows, sums[shown]), known.quality)


def with_ratios(frame: pl.DataFrame) -> pl.DataFrame:
    """Add coverage = (up + down) / open and availability = up / (up + down), null where nothing is known."""
    observed = pl.col("up") + pl.col("down")
    return frame.with_columns(
        pl.when(pl.col("open") > 0).then(observed / pl.col("open")).alias("coverage"),
        pl.when(observed > 0).then(pl.col("up") / observed).alias("availability"),
    )


def _measure(run: Run, window: Window) -> Int64s:
    """The measures of each store of the run, one row each."""
    stores = np.arange(run.end - run.begin + 1)
    opened, known = run.opened, run.known
    open_time = _by_store(opened.store, _overlap(opened.start, opened.end, window), stores)
    store, start, end, up = known.store, known.start, known.end, known.up
    touching = (end > window.start) & (start < window.end)
    if np.count_nonzero(touching) * 2 < len(touching):
        some = np.flatnonzero(touching)
        store, start, end, up = store[some], start[some], end[some], up[some]
    length = _overlap(start, end, window)
    known_time = _by_store(store, length, stores)
    length *= up
    up_time = _by_store(store, length, stores)
    return np.stack([open_time, up_time, known_time - up_time, open_time - known_time], axis=1)


def _overlap(start: Int64s, end: Int64s, window: Window) -> Int64s:
    """How much of each interval lies in the window."""
    length = np.minimum(end, window.end)
    length -= np.maximum(start, window.start)
    return np.maximum(length, 0, out=length)


def _by_store(store: Int64s, length: Int64s, stores: Int64s) -> Int64s:
    """The sums of stores 0..n-1, of lengths ordered by store; stores: 0..n."""
    total = np.concatenate([[0], np.cumsum(length)])
    return np.diff(total[np.searchsorted(store, stores)])


def _frame(keys: pl.Series, windows: Sequence[Window], sums: Int64s) -> pl.DataFrame:
    names = pl.Series("window", [window.name for window in windows], dtype=pl.String)
    flat = sums.reshape(-1, len(MEASURES))
    return pl.DataFrame(
        [
            keys.gather(np.repeat(np.arange(len(keys)), len(windows))).alias("store"),
            names.gather(np.tile(np.arange(len(windows)), len(keys))),
            *(pl.Series(name, flat[:, column]) for column, name in enumerate(MEASURES)),
        ]
    )
