"""Making stores known: ids of files and polls to site keys, zones and hours, in bulk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.clock import now
from opsroom.stores.bulk import lock_stores, write_rows
from opsroom.stores.models import BusinessHour, Store

SECOND = 1_000_000
DAY_SECONDS = 86_400
FEW = 500  # up to so many stores are looked up by id; for more the whole table is read
LAST_SECOND = time(23, 59, 59)  # as an end it means 24:00, which a time of day cannot say


@dataclass(frozen=True, slots=True)
class Known:
    """A store as the bulk paths need it."""

    id: UUID
    site: int
    zone: str | None


async def register_stores(session: AsyncSession, external_ids: Iterable[str]) -> dict[str, Known]:
    """All of these stores, those unknown so far created; by external id."""
    wanted = set(external_ids)
    known = await _known_stores(session, wanted)
    if wanted - known.keys():
        await lock_stores(session)
        known = await _known_stores(session, wanted)
        new = sorted(wanted - known.keys())
        sites = await _new_sites(session, len(new))
        created = {name: Known(uuid7(), site, None) for name, site in zip(new, sites, strict=True)}
        rows_to_write = [(_key(session, one.id), name, one.site) for name, one in created.items()]
        await write_rows(session, "stores", ("id", "external_id", "site"), rows_to_write)
        known |= created
    return known


async def set_zones(session: AsyncSession, known: Mapping[str, Known], zones: Mapping[str, str]) -> int:
    """Give stores the zones of a file; gives how many changed."""
    changed = [{"key": known[name].id, "new_zone": zone} for name, zone in zones.items() if known[name].zone != zone]
    if changed:
        connection = await session.connection()
        await connection.execute(
            update(Store)
            .where(Store.id == bindparam("key"))
            .values(zone=bindparam("new_zone"), version=Store.version + 1, updated_at=now()),
            changed,
        )
    return len(changed)


async def set_hours(session: AsyncSession, known: Mapping[str, Known], hours: pl.DataFrame) -> int:
    """Let the file's rows be all the hours of the stores it names; gives how many shifts are new.

    `hours` has store (external id), day, start and end (microseconds of local wall time since midnight).
    """
    wanted = {
        (known[name].id, day, _time(start), _time(end))
        for name, day, start, end in hours.select("store", "day", "start", "end").iter_rows()
    }
    stores = {key[0] for key in wanted}
    rows = (
        await session.execute(
            select(
                BusinessHour.id, BusinessHour.store_id, BusinessHour.day_of_week,
                BusinessHour.start_time_local, BusinessHour.end_time_local,
            )
        )
    ).all()  # fmt: skip
    present = {tuple(row)[1:]: row.id for row in rows if row.store_id in stores}
    gone = [{"key": present[shift]} for shift in present.keys() - wanted]
    if gone:
        connection = await session.connection()
        await connection.execute(delete(BusinessHour).where(BusinessHour.id == bindparam("key")), gone)
    new = sorted(wanted - present.keys(), key=lambda shift: (shift[0].int, *shift[1:]))
    columns = ("id", "store_id", "day_of_week", "start_time_local", "end_time_local")
    await write_rows(
        session,
        "business_hours",
        columns,
        [
            (_key(session, uuid7()), _key(session, store), day, _clock(session, start), _clock(session, end))
            for store, day, start, end in new
        ],
    )
    return len(new)


async def _known_stores(session: AsyncSession, wanted: set[str]) -> dict[str, Known]:
    query = select(Store.external_id, Store.id, Store.site, Store.zone)
    if len(wanted) <= FEW:
        query = query.where(Store.external_id.in_(wanted))
    rows = (await session.execute(query)).all()
    return {row.external_id: Known(row.id, row.site, row.zone) for row in rows if row.external_id in wanted}


async def _new_sites(session: AsyncSession, count: int) -> list[int]:
    if _is_postgresql(session):
        drawn = await session.scalars(
            text("SELECT nextval('stores_site_seq') FROM generate_series(1, :count)"), {"count": count}
        )
        return sorted(drawn)
    highest = await session.scalar(text("SELECT coalesce(max(site), 0) FROM stores"))
    return list(range(highest + 1, highest + 1 + count))


def _is_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _key(session: AsyncSession, key: UUID) -> Any:
    """A UUID as the driver takes it: SQLite keeps the 32 digits."""
    return key if _is_postgresql(session) else key.hex


def _clock(session: AsyncSession, clock: time) -> Any:
    return clock if _is_postgresql(session) else clock.isoformat("microseconds")


def _time(microseconds: int) -> time:
    seconds, fraction = divmod(microseconds, SECOND)
    if seconds >= DAY_SECONDS:
        return LAST_SECOND
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, fraction)
