"""Observations on their way into the table: parsed batches in, parts with all rows of their stores out.

Memory holds one batch, or one part, never the file: batches go to disk, split by store.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

BYTES_PER_PART = 400 << 20  # of the plain file; about 7 million polls, 90 MB of them as columns

UP, DOWN = 1, 2

Int64s = npt.NDArray[np.int64]


class Spool:
    """A scratch folder of its own inside `scratch`, removed at the latest when nothing refers to the spool any more."""

    def __init__(self, scratch: Path, input_bytes: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="spool-", dir=scratch))
        self.remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._parts = max(1, -(-input_bytes // BYTES_PER_PART))
        self._batches = 0

    def add(self, batch: pl.DataFrame) -> None:
        """`batch` has store (a number), instant (microseconds UTC) and status (1 up, 0 down)."""
        rows = batch.select("store", "instant", "status")
        for part in range(self._parts):
            mine = rows if self._parts == 1 else rows.filter(pl.col("store") % self._parts == part)
            mine.write_ipc(self._folder / f"{part}-{self._batches}.arrow")
        self._batches += 1

    def parts(self) -> Iterator[pl.DataFrame]:
        """The rows of the batches; those of one store are all in one part, in no particular order."""
        for part in range(self._parts if self._batches else 0):
            files = [self._folder / f"{part}-{batch}.arrow" for batch in range(self._batches)]
            yield pl.concat([pl.read_ipc(path) for path in files])


def arranged(site: Int64s, instant: Int64s, status: Int64s) -> pl.DataFrame:
    """Rows of the table `store_observations`: sorted by site and instant, one for each; up and down together are 3."""
    seen = DOWN - status
    if len(site) == 0:
        return _frame(site, instant, seen)
    base = int(instant.min())
    bits = max(int(instant.max() - base).bit_length(), 1)
    if bits + 2 + int(site.max()).bit_length() > 63:
        order = np.lexsort((seen, instant, site))
        return _united(site[order], instant[order], seen[order])
    # Sorting one packed number is many times as fast as sorting rows.
    key = (((site << bits) + (instant - base)) << 2) + seen
    key.sort()
    return _united(key >> (bits + 2), ((key >> 2) & ((1 << bits) - 1)) + base, key & 3)


def _united(site: Int64s, instant: Int64s, seen: Int64s) -> pl.DataFrame:
    """One row for each site and instant. Sorted, up comes before down: the last of equals has bit 2 if any has."""
    last = np.append((site[1:] != site[:-1]) | (instant[1:] != instant[:-1]), np.True_)
    if last.all():
        return _frame(site, instant, seen)
    first = np.append(np.True_, last[:-1])
    return _frame(site[last], instant[last], seen[last] | seen[first])


def _frame(site: Int64s, instant: Int64s, seen: Int64s) -> pl.DataFrame:
    return pl.DataFrame(
        {"site": site.astype(np.int32), "observed_at": instant, "seen": seen.astype(np.int8)},
        schema={"site": pl.Int32, "observed_at": pl.Int64, "seen": pl.Int8},
    )
