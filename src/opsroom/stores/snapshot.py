"""Where tables and engine meet: rows become the engine's frames. Nothing else knows both."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import polars as pl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.db.engine import SQLITE, Database
from opsroom.core.db.frames import Read, Reader, consistent_reads, export_snapshot, read_frames, read_in_snapshot
from opsroom.core.storage.blobs import Blobs
from opsroom.stores.archive.history import LISTED, History, listing, read_archived
from opsroom.stores.maintenance.spans import Rule, excluded_spans
from opsroom.stores.packed_polls import PollReads
from opsroom.stores.uptime import DAY

# The newest poll of all is never archived; see roll_off/job.py.
LATEST = """
    SELECT max(latest) FROM (
        SELECT (SELECT max(o.observed_at) FROM store_observations o WHERE o.site = s.site) AS latest FROM stores s
    ) found
"""
LATEST_OF_SOME = """
    SELECT max(latest) FROM (
        SELECT (SELECT max(o.observed_at) FROM store_observations o WHERE o.site = s.site) AS latest
        FROM (VALUES {some}) AS s (site)
    ) found
"""
LATEST_OF_STORE = """
    SELECT (SELECT max(o.observed_at) FROM store_observations o WHERE o.site = :site AND o.observed_at <= :as_of),
    (SELECT max(e.last_at) FROM archived_sites e WHERE e.site = :site AND e.last_at <= :as_of),
    (SELECT max(f.last_at) FROM archived_sites f WHERE f.site = :site AND f.first_at <= :as_of AND f.last_at > :as_of)
"""

HIGHEST = "SELECT coalesce(max(site), 0) FROM stores"
HOURS = """
    SELECT s.site, h.day_of_week, h.start_time_local, h.end_time_local
    FROM business_hours h JOIN stores s ON s.id = h.store_id {only}
"""
STORES = 'SELECT s.site, s.external_id, s.zone, s."group" FROM stores s WHERE true {only} ORDER BY 1'
MAINTENANCE = """
    SELECT s.site, m.store_group, m.zone, CAST(m.start_local AS TEXT), CAST(m.end_local AS TEXT), m.recurrence
    FROM maintenance_windows m LEFT JOIN stores s ON s.id = m.store_id WHERE m.store_id IS NULL OR (true {only})
    ORDER BY m.id
"""

HOUR_COLUMNS = ("store", "day", "start", "end")
STORE_COLUMNS = ("store", "external_id", "zone", "group")
MAINTENANCE_COLUMNS = ("store", "group", "zone", "start_local", "end_local", "recurrence")

BOTH = 3
ASKED = 64  # stores, for a guess when the newest poll of all was
MARGIN = 7 * DAY  # how far off the guess may be
Within: TypeAlias = Callable[[PollReads], pl.DataFrame]
NO_END = 1 << 62  # microseconds; after every instant


@dataclass(frozen=True, slots=True)
class Span:
    """What a computation looks at, microseconds UTC: [start, end), seeing observations up to and including as_of."""

    start: int
    end: int
    as_of: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The engine's frames, of all stores or of one; `store` in them is the site key.

    stores: store, external_id, zone, group of every store
    """

    observations: pl.DataFrame
    hours: pl.DataFrame
    stores: pl.DataFrame
    span: Span
    maintenance: tuple[Rule, ...] = ()

    def excluded(self, default_zone: str) -> pl.DataFrame | None:
        """Maintenance time as the engine takes it, from each store's first observation here to its last.

        An observation before the span tells whether the first one in it begins an open interval; so maintenance
        between the two matters, however long ago it was.
        """
        if not self.maintenance:
            return None
        reach = self.observations.group_by("store").agg(
            pl.col("instant").min().alias("first"), pl.col("instant").max().alias("last")
        )
        interest = self.stores.join(reach, on="store", how="left").with_columns(
            pl.min_horizontal("first", pl.lit(self.span.start)), pl.max_horizontal(pl.col("last") + 1, self.span.end)
        )
        return excluded_spans(self.maintenance, interest, default_zone)

    def of_stores(self, sites: Sequence[int]) -> "Snapshot":
        """What it holds of these stores alone."""
        those = pl.col("store").is_in(sites)
        return replace(
            self,
            observations=self.observations.filter(those),
            hours=self.hours.filter(those),
            stores=self.stores.filter(those),
        )

    def fingerprint(self, *about: object) -> str:
        """SHA-256 over every value that a result depends on, and over `about`."""
        digest = hashlib.sha256(repr((*about, self.maintenance)).encode())
        stores = self.stores if self.maintenance else self.stores.drop("group")
        for frame in (self.observations, self.hours, stores):
            for column in frame.iter_columns():
                digest.update(_bytes(column))
        return digest.hexdigest()


def latest_observation(database: Database) -> int | None:
    """The newest accepted observation of all, microseconds UTC; None when there is none. Blocking."""
    (frame,) = read_frames(database, [Read(LATEST, ("latest",))])
    found: int | None = frame.item()
    return found


def read_snapshot(history: History, span: Span, sites: Sequence[int] | None = None) -> Snapshot:
    """All stores, or those with these site keys. Blocking.

    Raises:
        Unavailable: an archive that it reaches back to is missing or corrupted.
    """
    only = "" if sites is None else f"AND s.site IN ({', '.join(str(int(site)) for site in sites)})"
    with consistent_reads(history.database) as read:
        return _read_all(history, read, span, only)


def read_latest_snapshot(history: History, span_up_to: Callable[[int], Span]) -> Snapshot | None:
    """All stores, for the span that follows from the newest observation; None when there is none. Blocking.

    span_up_to: later for a later instant
    On PostgreSQL another connection reads the polls while this one finds the newest of all: from where the newest of
    some stores says that the span begins, or earlier. If that was not early enough they are read again.
    """
    database = history.database
    with consistent_reads(database) as read, ThreadPoolExecutor(1) as beside:
        within: Within | None = None
        if database.is_postgresql and (wide := _guessed(read, span_up_to)) is not None:
            rows = beside.submit(read_in_snapshot, database, export_snapshot(read), wide.within())
            within = partial(_narrowed, read, wide, rows)
        latest = read(Read(LATEST, ("latest",))).item()
        return None if latest is None else _read_all(history, read, span_up_to(latest), "", within)


def _guessed(read: Reader, span_up_to: Callable[[int], Span]) -> PollReads | None:
    """The polls from the span's beginning on, or from earlier."""
    highest = read(Read(HIGHEST, ("site",))).item()
    some = ", ".join(f"({1 + number * highest // ASKED})" for number in range(ASKED))
    newest = read(Read(LATEST_OF_SOME.format(some=some), ("latest",))).item()
    if newest is None:
        return None
    start = span_up_to(newest).start
    wide = PollReads(start, newest + MARGIN, newest + MARGIN, highest_site=highest)
    return None if wide.shift is None else wide


def _narrowed(read: Reader, wide: PollReads, rows: Future[pl.DataFrame], wanted: PollReads) -> pl.DataFrame:
    return wanted.narrowed(wide, rows.result()) if wide.covers(wanted) else read(wanted.within())


def _read_all(history: History, read: Reader, span: Span, only: str, within: Within | None = None) -> Snapshot:
    reads = PollReads(span.start, span.end, span.as_of, only, highest_site=read(Read(HIGHEST, ("site",))).item())
    beside = read(reads.beside())
    hours = read(Read(HOURS.format(only=only), HOUR_COLUMNS))
    stores = read(Read(STORES.format(only=only), STORE_COLUMNS))
    maintenance = read(Read(MAINTENANCE.format(only=only), MAINTENANCE_COLUMNS))
    archived: Iterable[pl.DataFrame] = ()
    if reads.reaches_back(beside):
        listed = read(Read(listing(reads.before, reads.to, beside["store"]), LISTED)).rows()
        archived = read_archived(history.blobs, listed, beside["store"] if only else None)
    observations = reads.polls(read(reads.within()) if within is None else within(reads), beside, archived)
    as_text = not history.database.is_postgresql
    return _snapshot(observations, hours, stores, span, maintenance.rows(), as_text=as_text)


async def read_store(connection: AsyncConnection, blobs: Blobs, site: int, span: Span) -> Snapshot:
    """One store, by a few indexed reads."""
    only = f"AND s.site = {int(site)}"

    async def rows(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.execute(text(sql))]

    async def read(sql: str, columns: tuple[str, ...]) -> pl.DataFrame:
        return pl.DataFrame(await rows(sql), schema=list(columns), orient="row", infer_schema_length=None)

    reads = PollReads(span.start, span.end, span.as_of, only)
    # Each statement may see a later state, and polls move only from the table to archives: so the table comes first.
    within = await read(reads.within().sql, reads.within().columns)
    beside = await read(reads.beside().sql, reads.beside().columns)
    if reads.reaches_back(beside):
        listed = await rows(listing(reads.before, reads.to, [site]))
        archived = read_archived(blobs, listed, pl.Series([site]))
        observations = await asyncio.to_thread(reads.polls, within, beside, archived)
    else:
        observations = reads.polls(within, beside)
    return _snapshot(
        observations,
        await read(HOURS.format(only=only), HOUR_COLUMNS),
        await read(STORES.format(only=only), STORE_COLUMNS),
        span,
        await rows(MAINTENANCE.format(only=only)),
        as_text=connection.dialect.name == SQLITE,
    )


async def latest_of_store(connection: AsyncConnection, blobs: Blobs, site: int, as_of: int = NO_END) -> int | None:
    """The newest observation up to and including as_of."""
    online, archived, cut = (await connection.execute(text(LATEST_OF_STORE), {"site": site, "as_of": as_of})).one()
    known = [instant for instant in (online, archived) if instant is not None]
    if cut is not None:
        listed = [tuple(row) for row in await connection.execute(text(listing(as_of, as_of, [site])))]
        opened = await asyncio.to_thread(list, read_archived(blobs, listed, pl.Series([site])))
        known += [instant for rows in opened for instant in rows["observed_at"].to_list() if instant <= as_of]
    return max(known, default=None)


async def latest_of_all(connection: AsyncConnection) -> int | None:
    found: int | None = await connection.scalar(text(LATEST))
    return found


def _snapshot(
    observations: pl.DataFrame,
    hours: pl.DataFrame,
    stores: pl.DataFrame,
    span: Span,
    maintenance: Sequence[tuple[Any, ...]],
    *,
    as_text: bool,
) -> Snapshot:
    return Snapshot(
        _engine_observations(observations),
        hours.with_columns(
            pl.col("store", "day").cast(pl.Int64),
            _microseconds("start", as_text=as_text),
            _microseconds("end", as_text=as_text),
        ).sort(HOUR_COLUMNS),
        stores.cast({"store": pl.Int64, "external_id": pl.String, "zone": pl.String, "group": pl.String}),
        span,
        tuple(
            Rule(site, group, zone, datetime.fromisoformat(start), datetime.fromisoformat(end), recurrence)
            for site, group, zone, start, end, recurrence in maintenance
        ),
    )


def _engine_observations(rows: pl.DataFrame) -> pl.DataFrame:
    """An instant at which both states were seen becomes two rows, which the engine counts as a contradiction."""
    contradicted = rows.filter(pl.col("seen") == BOTH)
    once = rows.select("store", instant="observed_at", status=(pl.col("seen") == 1).cast(pl.Int8))
    if contradicted.height == 0:
        return once
    again = contradicted.select("store", instant="observed_at", status=pl.lit(1, pl.Int8))
    return pl.concat([once, again])


def _microseconds(name: str, *, as_text: bool) -> pl.Expr:
    """Local wall time since midnight; SQLite keeps `HH:MM:SS.ffffff`."""
    column = pl.col(name)
    column = column.cast(pl.String).str.to_time("%H:%M:%S%.f") if as_text else column.cast(pl.Time)
    return column.cast(pl.Int64) // 1_000


def _bytes(column: pl.Series) -> bytes:
    if column.dtype == pl.String:
        return "\0".join("\1" if value is None else value for value in column.to_list()).encode()
    return column.to_numpy().tobytes()
