"""What is asked about one store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import Invalid, NotFound
from opsroom.stores.maintenance.excused import with_excused, without_excused
from opsroom.stores.models import Store
from opsroom.stores.options import options_from
from opsroom.stores.schemas import Incident, Segment, StoreIncidents, StoreTimeline, StoreUptime
from opsroom.stores.snapshot import NO_END, Span, latest_of_store, read_store
from opsroom.stores.uptime import DAY, EvidenceProfile, Window, incidents, known_zone, timeline, uptime, with_ratios

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Asked:
    """A span of time as a caller gives it; open ends mean the week before the store's latest poll.

    as_of: polls after it are not looked at
    """

    start: datetime | None
    end: datetime | None
    as_of: datetime | None = None


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
    connection: AsyncConnection, settings: Mapping[str, Any], store_id: str, asked: Asked
) -> StoreCourse:
    """
    Raises:
        NotFound: no store has this id or external id.
        Invalid: the span is empty or longer than 400 days.
    """
    options = options_from(settings)
    site, external_id, zone = await find_store(connection, store_id)
    window, as_of = await _window(connection, site, asked)
    snapshot = await read_store(connection, site, Span(window.start, window.end, as_of))
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


def instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


async def _window(connection: AsyncConnection, site: int, asked: Asked) -> tuple[Window, int]:
    """The window, and the instant up to which observations are seen: as asked, else the store's latest."""
    seen_to = NO_END if asked.as_of is None else microseconds(asked.as_of)
    if asked.start and asked.end:
        return _checked(asked.start, asked.end), seen_to
    if asked.start or asked.end:
        raise Invalid("Give both `from` and `to`, or neither.", field="to" if asked.start else "from")
    latest = await latest_of_store(connection, site, seen_to)
    if latest is None:
        raise NotFound("The store has no observation yet; give `from` and `to`.", code="no_observation")
    return Window("asked", latest - 7 * DAY, latest), seen_to


def _checked(start: datetime, end: datetime) -> Window:
    if not start < end or end - start > LONGEST:
        raise Invalid("`from` must be before `to`, and at most 400 days before.", field="from")
    if start < EPOCH or end > LAST:
        raise Invalid("`from` and `to` must lie between 1970 and 2200.", field="from" if start < EPOCH else "to")
    return Window("asked", microseconds(start), microseconds(end))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
