"""Making stores known: ids of files and polls to site keys, zones and hours, in bulk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import polars as pl
import uuid_utils
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.stores.bulk import driver_of, is_postgresql
from opsroom.stores.models import Store

FEW = 500  # up to so many stores are looked up by id; for more the whole table is read
LONGEST_ZONE = 64  # characters; no zone that exists has as many
MIDNIGHT = 86_400_000_000
LAST_SECOND = MIDNIGHT - 1_000_000  # as an end it means 24:00, which a time of day cannot say

SHIFT = ("site", "day", "start", "end")
SHIFT_SCHEMA = {"site": pl.Int64, "day": pl.Int64, "start": pl.Int64, "end": pl.Int64}

CREATE_ON_POSTGRESQL = """
    INSERT INTO stores (id, external_id, site)
    SELECT id, external_id, nextval('stores_site_seq') FROM unnest($1::uuid[], $2::text[]) new (id, external_id)
    ON CONFLICT (external_id) DO NOTHING
"""
CREATE_ON_SQLITE = """
    INSERT INTO stores (id, external_id, site) VALUES (?, ?, (SELECT coalesce(max(site), 0) + 1 FROM stores))
"""
PRESENT_SHIFTS = """
    SELECT h.id, s.site, h.day_of_week, CAST(h.start_time_local AS text), CAST(h.end_time_local AS text)
    FROM business_hours h JOIN stores s ON s.id = h.store_id
"""


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
    # In one order, so that two who create the same stores wait for each other in one direction only.
    missing = sorted(wanted - known.keys())
    if missing:
        driver = await driver_of(session)
        ids = [uuid_utils.uuid7() for _ in missing]
        if is_postgresql(session):
            await driver.execute(CREATE_ON_POSTGRESQL, [str(key) for key in ids], missing)
        else:
            rows = zip([key.hex for key in ids], missing, strict=True)
            await driver.executemany(CREATE_ON_SQLITE, rows)
        known |= await _known_stores(session, set(missing))
    return known


async def set_zones(session: AsyncSession, known: Mapping[str, Known], zones: Mapping[str, str]) -> int:
    """Give stores the zones of a file; gives how many changed."""
    fitting = {name: zone.replace("\0", "")[:LONGEST_ZONE] for name, zone in zones.items()}
    changed = {known[name].site: zone for name, zone in fitting.items() if known[name].zone != zone}
    if not changed:
        return 0
    connection = await session.connection()
    if is_postgresql(session):
        statement = text(
            "UPDATE stores SET zone = new.zone, version = version + 1, updated_at = :at "
            "FROM unnest(CAST(:sites AS int[]), CAST(:zones AS text[])) new (site, zone) WHERE stores.site = new.site"
        )
        await connection.execute(statement, {"at": now(), "sites": [*changed], "zones": [*changed.values()]})
        return len(changed)
    await connection.execute(
        update(Store)
        .where(Store.site == bindparam("key"))
        .values(zone=bindparam("new_zone"), version=Store.version + 1, updated_at=now()),
        [{"key": site, "new_zone": zone} for site, zone in changed.items()],
    )
    return len(changed)


async def set_hours(session: AsyncSession, known: Mapping[str, Known], hours: pl.DataFrame) -> int:
    """Let the file's rows be all the hours of the stores it names; gives how many shifts are new.

    `hours` has store (external id), day, start and end (microseconds of local wall time since midnight).
    """
    rows = [(name, one.site, str(one.id)) for name, one in known.items()]
    named = pl.DataFrame(rows, schema={"store": pl.String, "site": pl.Int64, "key": pl.String}, orient="row")
    wanted = (
        hours.join(named, on="store", how="inner")
        .select(
            pl.col("site", "day", "start").cast(pl.Int64),
            pl.when(pl.col("end") >= MIDNIGHT).then(LAST_SECOND).otherwise(pl.col("end")).cast(pl.Int64).alias("end"),
            "key",
        )
        .unique(SHIFT)
        .sort(SHIFT)
    )
    present = await _present_shifts(session)
    gone = present.join(wanted.select("site").unique(), on="site", how="semi").join(wanted, on=SHIFT, how="anti")
    if gone.height:
        connection = await session.connection()
        removed = [{"key": key} for key in gone["id"]]
        await connection.execute(text("DELETE FROM business_hours WHERE id = :key"), removed)
    new = wanted.join(present, on=SHIFT, how="anti", maintain_order="left")
    await _add_shifts(session, new)
    return new.height


async def _known_stores(session: AsyncSession, wanted: set[str]) -> dict[str, Known]:
    query = select(Store.external_id, Store.id, Store.site, Store.zone)
    if len(wanted) <= FEW:
        query = query.where(Store.external_id.in_(wanted))
    rows = (await session.execute(query)).all()
    return {name: Known(key, site, zone) for name, key, site, zone in rows if name in wanted}


async def _present_shifts(session: AsyncSession) -> pl.DataFrame:
    """Every store's: id (as the driver gives and takes it) and the shift."""
    rows = (await session.execute(text(PRESENT_SHIFTS))).all()
    ids, sites, days, starts, ends = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return pl.DataFrame(
        {
            "id": pl.Series([*ids], dtype=pl.Object),
            "site": pl.Series([*sites], dtype=pl.Int64),
            "day": pl.Series([*days], dtype=pl.Int64),
            "start": _since_midnight(starts),
            "end": _since_midnight(ends),
        }
    )


def _since_midnight(clocks: Iterable[str]) -> pl.Series:
    return pl.Series([*clocks], dtype=pl.String).str.to_time("%H:%M:%S%.f").cast(pl.Int64) // 1_000


async def _add_shifts(session: AsyncSession, new: pl.DataFrame) -> None:
    if new.height == 0:
        return
    driver = await driver_of(session)
    ids = [uuid_utils.uuid7() for _ in range(new.height)]
    keys, days = new["key"].to_list(), new["day"].to_list()
    clocks = [(new[name] * 1_000).cast(pl.Time) for name in ("start", "end")]
    columns = ("id", "store_id", "day_of_week", "start_time_local", "end_time_local")
    rows: Any
    if is_postgresql(session):
        rows = zip(map(str, ids), keys, days, *(clock.to_list() for clock in clocks), strict=True)
        await driver.copy_records_to_table("business_hours", columns=columns, records=rows)
        return
    texts = [clock.dt.to_string("%H:%M:%S%.6f").to_list() for clock in clocks]
    rows = zip([key.hex for key in ids], [key.replace("-", "") for key in keys], days, *texts, strict=True)
    await driver.executemany(f"INSERT INTO business_hours ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?)", rows)  # noqa: S608  names are ours
