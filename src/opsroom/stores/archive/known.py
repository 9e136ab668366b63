"""Polls that come again although they were archived."""

import asyncio
from datetime import date

import polars as pl
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.storage.blobs import Blobs
from opsroom.stores.archive.history import listing, open_archive
from opsroom.stores.archive.models import ObservationArchive
from opsroom.stores.archive.partition import Partition

KEY = ("site", "observed_at")


async def not_archived(session: AsyncSession, blobs: Blobs, rows: pl.DataFrame) -> pl.DataFrame:
    """Without those that an archive holds and that would change nothing there.

    rows: site, observed_at, seen; sorted, no key twice; the caller holds the lock on observations

    Raises:
        Unavailable: an archive is missing or corrupted.
    """
    newest = await session.scalar(select(func.max(ObservationArchive.last_at)))
    late = rows.filter(pl.col("observed_at") <= (-1 if newest is None else newest))
    if late.height == 0:
        return rows
    sites, at = late["site"].unique(), late["observed_at"]
    listed = await session.execute(text(listing(at.min(), at.max(), sites)))  # type: ignore[arg-type]  # whole numbers
    for month, block, sha256 in listed.all():
        archived = await open_archive(blobs, Partition(date.fromisoformat(month), block), sha256, sites)
        rows = await asyncio.to_thread(_without, rows, archived)
    return rows


def _without(rows: pl.DataFrame, archived: pl.DataFrame) -> pl.DataFrame:
    known = archived.select(pl.col("store").cast(rows.schema["site"]).alias("site"), "observed_at", known="seen")
    seen = pl.col("known").fill_null(0)
    joined = rows.join(known, on=KEY, how="left", maintain_order="left")
    return joined.filter((seen | pl.col("seen").cast(pl.Int64)) != seen).drop("known")
