"""Store keys (text or integers) as dense numbers 0..n-1, in ascending order of the keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from opsroom.stores.uptime.zones import Int64s

DENSE_SPAN = 1 << 22
"""Integer keys within this span are numbered through a table of the whole span: no sorting, no searching."""

ROWS_AT_ONCE = 1 << 18


class Numbering(Protocol):
    """The distinct store keys in ascending order; the number of a store is its place among them."""

    @property
    def keys(self) -> pl.Series: ...

    def number(self, column: pl.Series) -> Int64s:
        """The number of each row's store."""


def number_stores(columns: Sequence[pl.Series]) -> Numbering:
    """Number the stores of all columns, which must be all text or all integers, without nulls."""
    kept = [column for column in columns if len(column)]
    if any(column.null_count() for column in kept):
        raise ValueError("a store key is null: leave such rows out")
    if all(column.dtype == pl.String for column in kept):
        return _TextNumbering(_distinct_texts(kept))
    if all(column.dtype.is_integer() for column in kept):
        return _number_integers(kept)
    kinds = sorted({str(column.dtype) for column in kept})
    raise TypeError(f"store keys must be all text or all integers, not {', '.join(kinds)}")


@dataclass(frozen=True, slots=True)
class _TextNumbering:
    keys: pl.Series

    def number(self, column: pl.Series) -> Int64s:
        return column.cast(pl.String).cast(pl.Enum(self.keys)).to_physical().cast(pl.Int64).to_numpy()


@dataclass(frozen=True, slots=True)
class _DenseNumbering:
    """place: the number of each key from low on; None where every key of the span is a store."""

    keys: pl.Series
    low: int
    place: Int64s | None

    def number(self, column: pl.Series) -> Int64s:
        offsets = column.cast(pl.Int64).to_numpy() - self.low
        return offsets if self.place is None else self.place[offsets]


@dataclass(frozen=True, slots=True)
class _SearchedNumbering:
    keys: pl.Series

    def number(self, column: pl.Series) -> Int64s:
        return np.searchsorted(self.keys.to_numpy(), column.to_numpy())


def _distinct_texts(columns: Sequence[pl.Series]) -> pl.Series:
    if not columns:
        return pl.Series("store", [], dtype=pl.String)
    return pl.concat([column.unique().alias("store") for column in columns]).unique().sort()


def _number_integers(columns: Sequence[pl.Series]) -> Numbering:
    dtype = columns[0].dtype
    low = min(int(column.min()) for column in columns)  # type: ignore[arg-type]  # an integer column has an integer
    high = max(int(column.max()) for column in columns)  # type: ignore[arg-type]  # as above
    if high - low >= DENSE_SPAN:
        distinct = pl.concat([column.unique().cast(dtype).alias("store") for column in columns])
        return _SearchedNumbering(distinct.unique().sort())
    present = np.zeros(high - low + 1, dtype=np.bool_)
    for column in columns:
        for begin in range(0, len(column), ROWS_AT_ONCE):
            present[column.slice(begin, ROWS_AT_ONCE).cast(pl.Int64).to_numpy() - low] = True
    keys = pl.Series("store", np.flatnonzero(present) + low).cast(dtype)
    return _DenseNumbering(keys, low, None if present.all() else np.cumsum(present) - 1)
