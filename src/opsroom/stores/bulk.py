"""Big writes: COPY in binary on PostgreSQL, one prepared statement on SQLite; always in the caller's transaction."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ROWS_AT_ONCE = 250_000
# Any numbers that nothing else takes as advisory locks; always taken in this order.
OBSERVATIONS_LOCK = 7_301_154
STORES_LOCK = 7_301_155

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"
COPY_ROW = np.dtype([
    ("fields", ">i2"),
    ("site_size", ">i4"), ("site", ">i4"),
    ("observed_at_size", ">i4"), ("observed_at", ">i8"),
    ("seen_size", ">i4"), ("seen", ">i2"),
])  # fmt: skip

# Bits unite: seeing both states at one instant is 3, and seeing the same again changes nothing.
MERGE = """
    INSERT INTO store_observations {source}
    ON CONFLICT (site, observed_at) DO UPDATE SET seen = store_observations.seen | excluded.seen
    WHERE store_observations.seen <> (store_observations.seen | excluded.seen)
"""


async def write_observations(session: AsyncSession, frames: Iterable[pl.DataFrame]) -> int:
    """Add observations; those that are there already change nothing. Gives the number of rows added or changed.

    Each frame has site (Int32), observed_at (Int64, microseconds UTC), seen (Int8), sorted by site and instant;
    no key occurs twice, neither within a frame nor in two of them.
    """
    if _is_postgresql(session):
        return await _copy_observations(session, frames)
    driver = await driver_of(session)
    before = driver.total_changes
    for frame in frames:
        for piece in frame.iter_slices(ROWS_AT_ONCE):
            rows = zip(*(piece[name].to_list() for name in ("site", "observed_at", "seen")), strict=True)
            await driver.executemany(MERGE.format(source="VALUES (?, ?, ?)"), rows)
    return int(driver.total_changes - before)


async def merge_observations(session: AsyncSession, frame: pl.DataFrame) -> int:
    """The same for a few thousand rows that may be there already; other writers of polls need not wait."""
    if not _is_postgresql(session):
        return await write_observations(session, [frame])
    driver = await driver_of(session)
    columns = [frame[name].to_list() for name in ("site", "observed_at", "seen")]
    done = await driver.execute(
        MERGE.format(source="SELECT * FROM unnest($1::int[], $2::bigint[], $3::smallint[])"),
        *columns,
    )
    return _count(done)


async def write_rows(session: AsyncSession, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert many rows into a small table; values as the driver takes them."""
    if not rows:
        return
    driver = await driver_of(session)
    if _is_postgresql(session):
        await driver.copy_records_to_table(table, columns=list(columns), records=rows)
        return
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" for _ in columns)
    await driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608  names are ours


async def driver_of(session: AsyncSession) -> Any:
    """The driver's own connection, inside the session's transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


async def lock_observations(session: AsyncSession, *, shared: bool) -> None:
    """An import excludes live polls while it writes; live polls do not exclude each other. SQLite has one writer."""
    if _is_postgresql(session):
        kind = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        await session.execute(text(f"SELECT {kind}({OBSERVATIONS_LOCK})"))


async def lock_stores(session: AsyncSession) -> None:
    """Stores that appear for the first time are created by one transaction at a time."""
    if _is_postgresql(session):
        await session.execute(text(f"SELECT pg_advisory_xact_lock({STORES_LOCK})"))


def _is_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


async def _copy_observations(session: AsyncSession, frames: Iterable[pl.DataFrame]) -> int:
    """Straight into the table where every row is new, else by way of a temporary table."""
    await lock_observations(session, shared=False)
    driver = await driver_of(session)
    latest = await driver.fetchval(
        "SELECT max(latest) FROM stores s CROSS JOIN LATERAL ("
        "SELECT max(observed_at) AS latest FROM store_observations o WHERE o.site = s.site) found"
    )
    added = 0
    for frame in frames:
        if frame.height == 0:
            continue
        if latest is None or int(frame["observed_at"].min()) > latest:  # type: ignore[arg-type]  # an Int64 column
            added += await _copy(driver, "store_observations", frame)
        else:
            added += await _merge(driver, frame)
    return added


async def _merge(driver: Any, frame: pl.DataFrame) -> int:
    await driver.execute(
        "CREATE TEMPORARY TABLE arriving_observations (site integer, observed_at bigint, seen smallint) ON COMMIT DROP"
    )
    await _copy(driver, "arriving_observations", frame)
    done = await driver.execute(MERGE.format(source="SELECT * FROM arriving_observations"))
    await driver.execute("DROP TABLE arriving_observations")
    return _count(done)


async def _copy(driver: Any, table: str, frame: pl.DataFrame) -> int:
    return _count(await driver.copy_to_table(table, source=_binary(frame), format="binary"))


async def _binary(frame: pl.DataFrame) -> AsyncIterator[bytes]:
    """The rows in PostgreSQL's binary COPY format."""
    yield COPY_HEADER
    for piece in frame.iter_slices(ROWS_AT_ONCE):
        rows = np.empty(piece.height, dtype=COPY_ROW)
        rows["fields"], rows["site_size"], rows["observed_at_size"], rows["seen_size"] = 3, 4, 8, 2
        for name in ("site", "observed_at", "seen"):
            rows[name] = piece[name].to_numpy()
        yield rows.tobytes()
    yield COPY_TRAILER


def _count(command_tag: str) -> int:
    """The number at the end of a tag such as `INSERT 0 5` or `COPY 5`."""
    return int(command_tag.rpartition(" ")[2])
