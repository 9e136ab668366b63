"""Where polls are: in the table, and in the files of archives that a read reaches back to."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from fastapi import Depends, Request
from polars.exceptions import PolarsError

from opsroom.core.db.engine import Database
from opsroom.core.errors import Unavailable
from opsroom.core.storage.blobs import Blobs
from opsroom.stores.archive.files import read_archive
from opsroom.stores.archive.partition import SITES_PER_BLOCK, Partition

LISTING = """
    SELECT CAST(month AS text), block, sha256 FROM observation_archives
    WHERE last_at >= {first} AND first_at <= {last} AND block IN ({blocks}) ORDER BY month, block
"""
LISTED = ("month", "block", "sha256")


@dataclass(frozen=True, slots=True)
class History:
    """All polls there are, whether they are in the table or were archived."""

    database: Database
    blobs: Blobs


async def history_of(request: Request) -> History:
    return History(request.app.state.database, request.app.state.blobs)


TheHistory = Annotated[History, Depends(history_of)]


def listing(first: int, last: int, sites: Sequence[int] | pl.Series) -> str:
    """Which archives may hold polls of these stores in [first, last]."""
    blocks = sorted({int(site) // SITES_PER_BLOCK for site in sites})
    return LISTING.format(first=int(first), last=int(last), blocks=", ".join(map(str, blocks)) or "NULL")


def read_archived(
    blobs: Blobs, listed: Sequence[tuple[Any, ...]], sites: pl.Series | None = None
) -> Iterator[pl.DataFrame]:
    """store, observed_at, seen of each archive listed, one after the other. Blocking: not for the thread of a loop.

    Raises:
        Unavailable: a file is missing or corrupted; it is named.
    """
    for month, block, sha256 in listed:
        yield asyncio.run(open_archive(blobs, Partition(date.fromisoformat(month), block), sha256, sites))


async def open_archive(blobs: Blobs, partition: Partition, sha256: str, sites: pl.Series | None = None) -> pl.DataFrame:
    """The rows of one file, whose bytes are checked first."""
    try:
        path = await blobs.fetch(sha256)
    except Unavailable as refusal:
        raise _unreadable(partition, refusal.sentence, refusal.code) from refusal
    return await asyncio.to_thread(_read_and_discard, path, partition, sites)


def _read_and_discard(path: Path, partition: Partition, sites: pl.Series | None) -> pl.DataFrame:
    try:
        return read_archive(path, sites)
    except PolarsError as error:
        raise _unreadable(partition, f"it is no archive of polls ({error})", "archive_unreadable") from error
    finally:
        path.unlink(missing_ok=True)


def _unreadable(partition: Partition, why: str, code: str) -> Unavailable:
    return Unavailable(f"The archive of polls of {partition.name} cannot be read: {why}", code=code)
