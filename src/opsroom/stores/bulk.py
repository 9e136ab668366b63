"""Big writes: COPY in binary on PostgreSQL, prepared statements on SQLite; always in the caller's transaction."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.errors import Unavailable

ROWS_AT_ONCE = 100_000
OBSERVATIONS_LOCK = 7_301_154  # any number that nothing else takes as an advisory lock
LONGEST_WAIT = "20s"  # of a live poll for an import that writes

COLUMNS = ("site", "observed_at", "seen")
NEVER = -(1 << 62)  # earlier than every instant

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
# A row that changes nothing would still be locked, and so written to the log, if it came to the conflict.
CHANGING = """
    SELECT a.site, a.observed_at, a.seen FROM arriving_observations a LEFT JOIN store_observations o
    ON o.site = a.site AND o.observed_at = a.observed_at
    WHERE o.site IS NULL OR o.seen <> (o.seen | a.seen)
"""

Newest = npt.NDArray[np.int64]


async def newest_by_site(session: AsyncSession) -> Newest:
    """The newest observation of each site, microseconds UTC, by site key; earlier than all where there is none."""
    rows = await session.execute(
        text("SELECT s.site, (SELECT max(o.observed_at) FROM store_observations o WHERE o.site = s.site) FROM stores s")
    )
    found = np.array([(site, NEVER if newest is None else newest) for site, newest in rows], dtype=np.int64)
    found = found.reshape(-1, 2)
    newest = np.full(int(found[:, 0].max(initial=0)) + 1, NEVER, dtype=np.int64)
    newest[found[:, 0]] = found[:, 1]
    return newest


async def write_observations(session: AsyncSession, frame: pl.DataFrame, newest: Newest) -> int:
    """Add observations; those that are there already change nothing. Gives the number of rows added or changed.

    frame: site, observed_at (microseconds UTC), seen; sorted by site and instant, no key twice
    newest: as it was before the first of several frames, none of which has a site of another; the caller holds
        the lock that keeps live polls out
    """
    fresh = pl.Series(frame["observed_at"].to_numpy() > newest[frame["site"].to_numpy()], dtype=pl.Boolean)
    if fresh.all():
        return await _add(session, frame)
    return await _add(session, frame.filter(fresh)) + await _merge(session, frame.filter(~fresh))


async def merge_observations(session: AsyncSession, frame: pl.DataFrame) -> int:
    """The same for a few thousand rows that may be there already; other writers of polls need not wait."""
    driver = await driver_of(session)
    if not is_postgresql(session):
        return await _execute_many(driver, MERGE.format(source="VALUES (?, ?, ?)"), frame)
    columns = [frame[name].to_list() for name in COLUMNS]
    done = await driver.execute(
        MERGE.format(source="SELECT * FROM unnest($1::int[], $2::bigint[], $3::smallint[])"),
        *columns,
    )
    return _count(done)


async def driver_of(session: AsyncSession) -> Any:
    """The driver's own connection, inside the session's transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


async def lock_observations(session: AsyncSession, *, shared: bool) -> None:
    """An import excludes live polls while it writes; live polls do not exclude each other. SQLite has one writer.

    Raises:
        Unavailable: a live poll has waited long enough.
    """
    if not is_postgresql(session):
        return
    if not shared:
        await session.execute(text(f"SELECT pg_advisory_xact_lock({OBSERVATIONS_LOCK})"))
        return
    await session.execute(text(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'"))
    try:
        await session.execute(text(f"SELECT pg_advisory_xact_lock_shared({OBSERVATIONS_LOCK})"))
    except DBAPIError as error:
        if "lock timeout" not in str(error.orig):
            raise
        raise Unavailable("An import is being written; send the polls again in a moment.", code="importing") from error


async def allow_long_statements(session: AsyncSession, longest: timedelta) -> None:
    """For the rest of the transaction; SQLite knows no such limit."""
    if is_postgresql(session):
        await session.execute(text(f"SET LOCAL statement_timeout = {longest // timedelta(milliseconds=1)}"))


def is_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


async def _add(session: AsyncSession, frame: pl.DataFrame) -> int:
    """Rows that are certainly new."""
    if frame.height == 0:
        return 0
    driver = await driver_of(session)
    if is_postgresql(session):
        return await _copy(driver, "store_observations", frame)
    return await _execute_many(driver, "INSERT INTO store_observations VALUES (?, ?, ?)", frame)


async def _merge(session: AsyncSession, frame: pl.DataFrame) -> int:
    driver = await driver_of(session)
    if not is_postgresql(session):
        return await _execute_many(driver, MERGE.format(source="VALUES (?, ?, ?)"), frame)
    await driver.execute(
        "CREATE TEMPORARY TABLE arriving_observations (site integer, observed_at bigint, seen smallint) ON COMMIT DROP"
    )
    await _copy(driver, "arriving_observations", frame)
    await driver.execute("ANALYZE arriving_observations")
    done = await driver.execute(MERGE.format(source=CHANGING))
    await driver.execute("DROP TABLE arriving_observations")
    return _count(done)


async def _execute_many(driver: Any, statement: str, frame: pl.DataFrame) -> int:
    before = driver.total_changes
    await driver.executemany(statement, _tuples(frame, COLUMNS))
    return int(driver.total_changes - before)


def _tuples(frame: pl.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows, made while they are read, which SQLite's driver does in its own thread."""
    return chain.from_iterable(
        zip(*(piece[name].to_list() for name in columns), strict=True) for piece in frame.iter_slices(ROWS_AT_ONCE)
    )


async def _copy(driver: Any, table: str, frame: pl.DataFrame) -> int:
    return _count(await driver.copy_to_table(table, source=as_binary(frame), format="binary"))


async def as_binary(frame: pl.DataFrame) -> AsyncIterator[bytes]:
    """The rows in PostgreSQL's binary COPY format; the next block is made while one is sent."""
    yield COPY_HEADER
    coming: asyncio.Task[bytes] | None = None
    for piece in frame.iter_slices(ROWS_AT_ONCE):
        ready, coming = coming, asyncio.create_task(asyncio.to_thread(_block, piece))
        if ready is not None:
            yield await ready
    if coming is not None:
        yield await coming
    yield COPY_TRAILER


def _block(piece: pl.DataFrame) -> bytes:
    rows = np.empty(piece.height, dtype=COPY_ROW)
    rows["fields"], rows["site_size"], rows["observed_at_size"], rows["seen_size"] = 3, 4, 8, 2
    for name in COLUMNS:
        rows[name] = piece[name].to_numpy()
    return rows.tobytes()


def _count(command_tag: str) -> int:
    """The number at the end of a tag such as `INSERT 0 5` or `COPY 5`."""
    return int(command_tag.rpartition(" ")[2])
