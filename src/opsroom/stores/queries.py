"""What is asked about one store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import NotFound
from opsroom.core.storage.blobs import Blobs
from opsroom.stores.asked_window import AskedWindow, instant
from opsroom.stores.maintenance.excused import with_excused
from opsroom.stores.models import Store
from opsroom.stores.options import StoresOptions, options_from
from opsroom.stores.schemas import Incident, Segment, StoreIncidents, StoreTimeline, StoreUptime
from opsroom.stores.snapshot import Snapshot, Span, latest_of_all, latest_of_store, read_store
from opsroom.stores.uptime import Window, incidents, known_zone, timeline, uptime, with_ratios
from opsroom.stores.uptime.hours import WeeklyHours, open_intervals


@dataclass(frozen=True)
class StoreCourse:
    """One store in one window: the engine's timeline and account, which agree by construction. Each is computed when
    it is first asked for.
    """

    store_id: str
    zone: str
    window: Window
    snapshot: Snapshot
    options: StoresOptions

    @cached_property
    def excluded(self) -> pl.DataFrame | None:
        return self.snapshot.excluded(self.options.default_zone)

    @cached_property
    def spans(self) -> pl.DataFrame:
        """start, end, state of the engine, to whom maintenance is closed time"""
        of, options = self.snapshot, self.options
        return timeline(
            of.observations, of.hours, of.stores, self.window, options.strict,
            default_zone=options.default_zone, excluded=self.excluded,
        )  # fmt: skip

    @cached_property
    def account(self) -> pl.DataFrame:
        """One row of the engine's measures with their ratios."""
        of, options = self.snapshot, self.options
        found = uptime(
            of.observations, of.hours, of.stores, [self.window], options.strict,
            default_zone=options.default_zone, excluded=self.excluded,
        )  # fmt: skip
        return with_ratios(found.frame)

    def as_timeline(self) -> StoreTimeline:
        segments = [Segment(start=instant(start), end=instant(end), state=state) for start, end, state in self._shown()]
        return StoreTimeline(store_id=self.store_id, zone=self.zone, segments=segments)

    def as_uptime(self) -> StoreUptime:
        row = self.account.row(0, named=True)
        return StoreUptime(
            store_id=self.store_id,
            zone=self.zone,
            start=instant(self.window.start),
            end=instant(self.window.end),
            open_us=row["open"],
            up_us=row["up"],
            down_us=row["down"],
            unknown_us=row["unknown"],
            availability=row["availability"],
            coverage=row["coverage"],
        )

    def as_incidents(self) -> StoreIncidents:
        found = [
            Incident(
                start=instant(row["start"]),
                end=None if row["ongoing"] else instant(row["end"]),
                downtime_us=row["downtime"],
            )
            for row in incidents(self.spans).iter_rows(named=True)
        ]
        return StoreIncidents(store_id=self.store_id, zone=self.zone, incidents=found)

    def _shown(self) -> Iterable[tuple[int, int, Any]]:
        spans = self.spans.select("start", "end", "state").iter_rows()
        return spans if self.excluded is None or not self.excluded.height else with_excused(spans, self._opened())

    def _opened(self) -> list[tuple[int, int]]:
        """Open time by the business hours alone, microseconds UTC."""
        hours = (self.snapshot.hours[name].to_numpy() for name in ("day", "start", "end"))
        stores = np.zeros(self.snapshot.hours.height, dtype=np.int64)
        first, last = (np.array([edge], dtype=np.int64) for edge in (self.window.start, self.window.end))
        found = open_intervals(WeeklyHours(stores, *hours), [self.zone], np.zeros(1, dtype=np.int64), first, last)
        return list(zip(found.start.tolist(), found.end.tolist(), strict=True))


async def course_of_store(
    connection: AsyncConnection, blobs: Blobs, settings: Mapping[str, Any], store_id: str, asked: AskedWindow
) -> StoreCourse:
    """
    Raises:
        NotFound: no store has this id or external id; or there is no poll from which to count back.
        Invalid: the window is not understood.
    """
    options = options_from(settings)
    site, external_id, zone = await find_store(connection, store_id)
    window = await _window(connection, blobs, site, asked, options.default_zone)
    snapshot = await read_store(connection, blobs, site, Span(window.start, window.end, asked.seen_to))
    named = (zone or "").strip()
    return StoreCourse(external_id, named if known_zone(named) else options.default_zone, window, snapshot, options)


async def find_store(connection: AsyncConnection, store_id: str) -> tuple[int, str, str | None]:
    """Site key, external id and zone of a store, by its id or its external id."""
    query = select(Store.site, Store.external_id, Store.zone)
    row = (await connection.execute(query.where(Store.external_id == store_id))).one_or_none()
    if row is None and (key := _uuid(store_id)) is not None:
        row = (await connection.execute(query.where(Store.id == key))).one_or_none()
    if row is None:
        raise NotFound(f"There is no store {store_id}.")
    return row.site, row.external_id, row.zone


async def _window(
    connection: AsyncConnection, blobs: Blobs, site: int, asked: AskedWindow, default_zone: str
) -> Window:
    """As asked; if nothing was, the week before the store's own latest poll."""
    latest: int | None = None
    if asked.is_open:
        latest = await latest_of_store(connection, blobs, site, asked.seen_to)
        return replace(asked, as_of=None).resolved(latest, default_zone)
    if asked.needs_latest:
        latest = await latest_of_all(connection)
    return asked.resolved(latest, default_zone)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
