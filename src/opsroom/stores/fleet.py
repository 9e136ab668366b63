"""The account of many stores in one window: what pages, API, reports and commands show is computed here, once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from opsroom.core.errors import NotFound
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import AskedWindow
from opsroom.stores.options import StoresOptions
from opsroom.stores.selection import Selection, selected_sites
from opsroom.stores.snapshot import Snapshot, Span, latest_observation, read_snapshot
from opsroom.stores.uptime import (
    EvidenceProfile,
    Quality,
    Window,
    incidents,
    reliability,
    timeline,
    uptime,
    with_ratios,
)

SITE = pl.col("store").cast(pl.Int64)  # of no store at all the engine cannot tell the kind of key
MEASURES = ("open", "up", "down", "unknown")


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over stores, exact microseconds; up + down + unknown = open.

    ongoing: incidents that had not ended by the end of the window
    mttr: mean downtime of the incidents that up followed; mtbf: up time for each incident
    """

    stores: int
    open: int
    up: int
    down: int
    unknown: int
    incidents: int
    ongoing: int
    mttr: float | None
    mtbf: float | None

    @property
    def coverage(self) -> float | None:
        return (self.up + self.down) / self.open if self.open else None

    @property
    def availability(self) -> float | None:
        return self.up / (self.up + self.down) if self.up + self.down else None


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What was odd. silent: stores observed before, but not in the window; latest: the newest poll of all."""

    stores: int
    never_observed: int
    silent: int
    without_hours: int
    without_zone: int
    in_unknown_zone: int
    unknown_zones: tuple[str, ...]
    polls: int
    contradictions: int
    latest: int | None


@dataclass(frozen=True, slots=True)
class FleetAccount:
    """Microseconds throughout; ordered by store id as text.

    stores: store_id, open, up, down, unknown, coverage, availability, incidents, mttr, mtbf, polls, contradictions,
        latest (the newest poll seen; null without any)
    incidents: store_id, start, end, downtime, ongoing, followed_by; those that began before the window begin with it
    """

    window: Window
    stores: pl.DataFrame
    incidents: pl.DataFrame
    totals: Totals
    quality: DataQuality
    fingerprint: str

    def of_store(self, store_id: str) -> "FleetAccount":
        """One of the stores alone; what was odd is still told of all.

        Raises:
            NotFound: it is not among them.
        """
        stores, found = self.stores.filter(store_id=store_id), self.incidents.filter(store_id=store_id)
        if not stores.height:
            raise NotFound(f"There is no store {store_id}.")
        return replace(self, stores=stores, incidents=found, totals=totals_of(stores, found))


async def fleet_account(
    history: History, options: StoresOptions, asked: AskedWindow, selection: Selection
) -> FleetAccount:
    """
    Raises:
        Invalid: the window or a tag is not understood.
        NotFound: nothing is selected, or there is no observation from which to count back.
    """
    async with history.database.reading() as connection:
        sites = await selected_sites(connection, selection)
    return await asyncio.to_thread(_account_from, history, options, asked, sites)


async def snapshot_of(
    history: History, options: StoresOptions, asked: AskedWindow, selection: Selection
) -> tuple[Window, Snapshot]:
    """What an account of the selected stores is computed from."""
    async with history.database.reading() as connection:
        sites = await selected_sites(connection, selection)
    return await asyncio.to_thread(_read, history, options, asked, sites)


def account(snapshot: Snapshot, window: Window, profile: EvidenceProfile, default_zone: str) -> FleetAccount:
    """The sums, the incidents and what was odd, of every store of the snapshot."""
    excluded = snapshot.excluded(default_zone)
    frames = (snapshot.observations, snapshot.hours, snapshot.stores)
    sums = uptime(*frames, [window], profile, default_zone=default_zone, excluded=excluded)
    spans = timeline(*frames, window, profile, default_zone=default_zone, excluded=excluded).with_columns(SITE)
    found = incidents(spans)
    names = snapshot.stores.select("store", store_id="external_id")
    stores = (
        with_ratios(sums.frame.drop("window").with_columns(SITE))
        .join(reliability(spans), on="store", how="left")
        .join(_polls(snapshot.observations, window), on="store", how="left")
        .with_columns(pl.col("incidents", "polls", "contradictions").fill_null(0))
        .join(names, on="store")
        .sort("store_id")
        .select("store_id", pl.exclude("store", "store_id"))
    )
    return FleetAccount(
        window,
        stores,
        found.join(names, on="store").sort("store_id", "start").select("store_id", pl.exclude("store", "store_id")),
        totals_of(stores, found),
        _quality(sums.quality, stores),
        snapshot.fingerprint(window.start, window.end, profile, default_zone),
    )


def by_window(
    snapshot: Snapshot, windows: Sequence[Window], profile: EvidenceProfile, default_zone: str
) -> pl.DataFrame:
    """window, open, up, down, unknown, coverage, availability of all stores of the snapshot together."""
    frames = (snapshot.observations, snapshot.hours, snapshot.stores)
    excluded = snapshot.excluded(default_zone)
    each = uptime(*frames, windows, profile, default_zone=default_zone, excluded=excluded).frame
    return with_ratios(each.group_by("window", maintain_order=True).agg(pl.col(MEASURES).sum()))


def totals_of(stores: pl.DataFrame, found: pl.DataFrame) -> Totals:
    """stores: open, up, down, unknown of each; found: their incidents."""
    sums = {measure: int(stores[measure].sum()) for measure in MEASURES}
    repaired = found.filter(pl.col("followed_by") == "up")["downtime"]
    return Totals(
        stores=stores.height,
        **sums,
        incidents=found.height,
        ongoing=int(found["ongoing"].sum()),
        mttr=int(repaired.sum()) / len(repaired) if len(repaired) else None,
        mtbf=sums["up"] / found.height if found.height else None,
    )


def _account_from(
    history: History, options: StoresOptions, asked: AskedWindow, sites: tuple[int, ...] | None
) -> FleetAccount:
    window, snapshot = _read(history, options, asked, sites)
    return account(snapshot, window, options.strict, options.default_zone)


def _read(
    history: History, options: StoresOptions, asked: AskedWindow, sites: tuple[int, ...] | None
) -> tuple[Window, Snapshot]:
    latest = latest_observation(history.database) if asked.needs_latest else None
    window = asked.resolved(latest, options.default_zone)
    return window, read_snapshot(history, Span(window.start, window.end, asked.seen_to), sites)


def _polls(observations: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Of each store: instants in the window at which it was polled, those with both answers, and its newest poll."""
    inside = (pl.col("instant") >= window.start) & (pl.col("instant") < window.end)
    instants = observations.group_by("store", "instant").agg(pl.col("status").n_unique().alias("answers"))
    return instants.group_by("store").agg(
        inside.sum().cast(pl.Int64).alias("polls"),
        (inside & (pl.col("answers") > 1)).sum().cast(pl.Int64).alias("contradictions"),
        pl.col("instant").max().alias("latest"),
    )


def _quality(quality: Quality, stores: pl.DataFrame) -> DataQuality:
    latest = stores["latest"].max()
    never = int(stores["latest"].null_count())
    return DataQuality(
        stores=quality.stores,
        never_observed=never,
        silent=stores.filter(pl.col("polls") == 0).height - never,
        without_hours=quality.stores_without_hours,
        without_zone=quality.stores_without_zone,
        in_unknown_zone=quality.stores_in_unknown_zone,
        unknown_zones=quality.unknown_zones,
        polls=int(stores["polls"].sum()),
        contradictions=int(stores["contradictions"].sum()),
        latest=None if latest is None else int(str(latest)),
    )
