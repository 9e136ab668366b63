"""Observations on their way into the table: parsed batches in, sorted parts without repeated keys out.

Memory holds one batch, or one part, never the file: batches go to disk, split by store, and each part is
sorted on its own.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

import polars as pl

BYTES_PER_PART = 400 << 20  # of the plain file; about 7 million polls, 90 MB of them as columns

UP, DOWN = 1, 2


class Spool:
    """A scratch folder of its own inside `scratch`, removed when the spool is no longer referred to."""

    def __init__(self, scratch: Path, input_bytes: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="spool-", dir=scratch))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._parts = max(1, -(-input_bytes // BYTES_PER_PART))
        self._batches = 0

    def add(self, batch: pl.DataFrame) -> None:
        """`batch` has store (an integer), instant (microseconds UTC) and status (1 up, 0 down)."""
        rows = batch.select(
            pl.col("store").cast(pl.Int32),
            pl.col("instant").alias("observed_at"),
            (DOWN - pl.col("status")).cast(pl.Int8).alias("seen"),
        )
        for part in range(self._parts):
            mine = rows if self._parts == 1 else rows.filter(pl.col("store") % self._parts == part)
            mine.write_ipc(self._folder / f"{part}-{self._batches}.arrow")
        self._batches += 1

    def parts(self) -> Iterator[pl.DataFrame]:
        """store, observed_at, seen: sorted by store and instant, one row for each, bits of `seen` united."""
        for part in range(self._parts if self._batches else 0):
            files = [self._folder / f"{part}-{batch}.arrow" for batch in range(self._batches)]
            yield united(pl.concat([pl.read_ipc(path) for path in files]))


def united(rows: pl.DataFrame) -> pl.DataFrame:
    """Of rows with the same store and instant one remains; up and down together are 3."""
    rows = rows.sort("store", "observed_at", "seen")
    repeated = (pl.col("store") == pl.col("store").shift(-1)) & (
        pl.col("observed_at") == pl.col("observed_at").shift(-1)
    )
    if not rows.select(repeated.any()).item():
        return rows
    both = (pl.col("seen").min() | pl.col("seen").max()).alias("seen")
    return rows.group_by("store", "observed_at", maintain_order=True).agg(both)
