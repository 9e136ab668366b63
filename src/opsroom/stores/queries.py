"""What is asked about one store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import NotFound
from opsroom.stores.asked_window import AskedWindow, instant
from opsroom.stores.maintenance.excused import with_excused, without_excused
from opsroom.stores.models import Store
from opsroom.stores.options import options_from
from opsroom.stores.schemas import Incident, Segment, StoreIncidents, StoreTimeline, StoreUptime
from opsroom.stores.snapshot import Span, latest_of_all, latest_of_store, read_store
from opsroom.stores.uptime import EvidenceProfile, Window, incidents, known_zone, timeline, uptime, with_ratios


@dataclass(frozen=True, slots=True)
class StoreCourse:
    """One store in one window: the engine's timeline and account, which agree by construction.

    spans: start, end, state; account: one row of the engine's measures with their ratios
    """

    store_id: str
    zone: str
    window: Window
    spans: pl.DataFrame
    account: pl.DataFrame

    def as_timeline(self) -> StoreTimeline:
        segments = [
            Segment(start=instant(start), end=instant(end), state=state)
            for start, end, state in self.spans.select("start", "end", "state").iter_rows()
        ]
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
            for row in incidents(without_excused(self.spans)).iter_rows(named=True)
        ]
        return StoreIncidents(store_id=self.store_id, zone=self.zone, incidents=found)


async def course_of_store(
    connection: AsyncConnection, settings: Mapping[str, Any], store_id: str, asked: AskedWindow
) -> StoreCourse:
    """
    Raises:
        NotFound: no store has this id or external id; or there is no poll from which to count back.
        Invalid: the window is not understood.
    """
    options = options_from(settings)
    site, external_id, zone = await find_store(connection, store_id)
    window = await _window(connection, site, asked, options.default_zone)
    snapshot = await read_store(connection, site, Span(window.start, window.end, asked.seen_to))
    frames = (snapshot.observations, snapshot.hours, snapshot.stores)
    profile: EvidenceProfile = options.strict
    excluded = snapshot.excluded(options.default_zone)
    spans = timeline(*frames, window, profile, default_zone=options.default_zone, excluded=excluded)
    account = uptime(*frames, [window], profile, default_zone=options.default_zone, excluded=excluded)
    if excluded is not None:
        spans = with_excused(spans, timeline(*frames, window, profile, default_zone=options.default_zone))
    return StoreCourse(
        store_id=external_id,
        zone=zone if zone and known_zone(zone) else options.default_zone,
        window=window,
        spans=spans,
        account=with_ratios(account.frame),
    )


async def find_store(connection: AsyncConnection, store_id: str) -> tuple[int, str, str | None]:
    """Site key, external id and zone of a store, by its id or its external id."""
    query = select(Store.site, Store.external_id, Store.zone)
    row = (await connection.execute(query.where(Store.external_id == store_id))).one_or_none()
    if row is None and (key := _uuid(store_id)) is not None:
        row = (await connection.execute(query.where(Store.id == key))).one_or_none()
    if row is None:
        raise NotFound(f"There is no store {store_id}.")
    return row.site, row.external_id, row.zone


async def _window(connection: AsyncConnection, site: int, asked: AskedWindow, default_zone: str) -> Window:
    """As asked; if nothing was, the week before the store's own latest poll."""
    latest: int | None = None
    if asked.is_open:
        latest = await latest_of_store(connection, site, asked.seen_to)
        return replace(asked, as_of=None).resolved(latest, default_zone)
    if asked.needs_latest:
        latest = await latest_of_all(connection)
    return asked.resolved(latest, default_zone)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
