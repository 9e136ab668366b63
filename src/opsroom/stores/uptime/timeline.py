"""The course of each store through a window, and the incidents in it, from the same segments as the sums."""

import numpy as np
import polars as pl

from opsroom.stores.uptime.evidence import STRICT, EvidenceProfile
from opsroom.stores.uptime.fleet import Run, fleet, over_runs
from opsroom.stores.uptime.report import DEFAULT_ZONE
from opsroom.stores.uptime.windows import Window
from opsroom.stores.uptime.zones import Int64s

STATES = ("closed", "unknown", "down", "up")
CLOSED, UNKNOWN, DOWN, UP = range(4)


def timeline(
    observations: pl.DataFrame,
    hours: pl.DataFrame,
    zones: pl.DataFrame,
    window: Window,
    profile: EvidenceProfile = STRICT,
    *,
    default_zone: str = DEFAULT_ZONE,
    excluded: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Spans that cover the window of every store without a gap, ordered by store and start.

    Columns: store, start, end (microseconds UTC, half-open), state (closed, unknown, down or up); neighbours differ.
    """
    if window.start == window.end:
        raise ValueError(f"window {window.name} is empty, so it has no timeline")
    known = fleet(observations, hours, zones, default_zone, excluded)
    accounts = over_runs(known, window.start, window.end, profile, lambda run: _spans(run, window))
    parts = [part for _, part in accounts]
    store, start, end, state = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _none()
    return pl.DataFrame(
        {
            "store": known.keys.gather(store),
            "start": start,
            "end": end,
            "state": pl.Series(STATES, dtype=pl.Enum(STATES)).gather(state),
        }
    )


def incidents(spans: pl.DataFrame) -> pl.DataFrame:
    """Downtimes of a timeline: runs of down with nothing but closed time between them, ordered by store and start.

    Columns: store, start, end, downtime (open time down, without the closed time between; microseconds), ongoing
    (down until the end of the window, or closed from there on), followed_by (up, unknown, or null while ongoing).
    """
    shown = spans.filter(pl.col("state") != "closed").with_columns(
        pl.col("state").cast(pl.String), (pl.col("end") - pl.col("start")).alias("downtime")
    )
    turn = (pl.col("store") != pl.col("store").shift()) | (pl.col("state") != pl.col("state").shift())
    following = (
        shown.with_columns(turn.fill_null(value=True).cum_sum().alias("turn"))
        .group_by("turn", maintain_order=True)
        .agg(
            pl.col("store", "state", "start").first(),
            pl.col("end").last(),
            pl.col("downtime").sum(),
        )
        .with_columns(pl.col("state").shift(-1).over("store").alias("followed_by"))
    )
    return following.filter(pl.col("state") == "down").select(
        "store", "start", "end", "downtime", pl.col("followed_by").is_null().alias("ongoing"), "followed_by"
    )


def reliability(spans: pl.DataFrame) -> pl.DataFrame:
    """Figures of each store of a timeline, ordered by store.

    Columns: store, incidents (their number), mttr (mean time to repair: mean downtime of the incidents that up
    followed), mtbf (mean time between failures: up time for each incident); microseconds, null without such incidents.
    """
    up = pl.col("end") - pl.col("start")
    stores = spans.group_by("store", maintain_order=True).agg(up.filter(pl.col("state") == "up").sum().alias("up"))
    seen = (
        incidents(spans)
        .group_by("store")
        .agg(
            pl.len().cast(pl.Int64).alias("incidents"),
            pl.col("downtime").filter(pl.col("followed_by") == "up").mean().alias("mttr"),
        )
    )
    joined = stores.join(seen, on="store", how="left", maintain_order="left")
    return joined.select(
        "store",
        pl.col("incidents").fill_null(0),
        "mttr",
        (pl.col("up") / pl.col("incidents")).alias("mtbf"),
    )


def _none() -> tuple[Int64s, Int64s, Int64s, Int64s]:
    empty = np.empty(0, dtype=np.int64)
    return empty, empty, empty, empty


def _spans(run: Run, window: Window) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """Cut the window at every edge, look up the state of each piece, join neighbours of the same state."""
    width = window.end - window.start
    bases = np.arange(run.end - run.begin) * width
    opened, known = run.opened, run.known

    def at(store: Int64s, instant: Int64s) -> Int64s:
        return bases[store] + np.clip(instant - window.start, 0, width)

    opens, closes = at(opened.store, opened.start), at(opened.store, opened.end)
    begins, ends = at(known.store, known.start), at(known.store, known.end)
    edges = np.unique(np.concatenate([bases, opens, closes, begins, ends]))
    edges = edges[edges < len(bases) * width]
    state = np.where(_covered(edges, opens, closes) >= 0, UNKNOWN, CLOSED)
    segment = _covered(edges, begins, ends)
    state = np.where(segment >= 0, np.append(np.where(known.up, UP, DOWN), CLOSED)[segment], state)
    starts_store = edges % width == 0
    turns = starts_store | np.append(True, state[1:] != state[:-1])[: len(edges)]
    start = edges[turns]
    end = np.append(start[1:], len(bases) * width)
    store = start // width
    offset = window.start - store * width
    return store + run.begin, start + offset, end + offset, state[turns]


def _covered(edges: Int64s, start: Int64s, end: Int64s) -> Int64s:
    """The number of the disjoint interval that holds each edge, or -1."""
    some = end > start
    position = np.searchsorted(start[some], edges, side="right") - 1
    within = (position >= 0) & (edges < np.append(end[some], 0)[position])
    return np.where(within, np.append(np.flatnonzero(some), -1)[position], -1)
