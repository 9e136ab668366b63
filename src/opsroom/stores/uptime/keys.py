"""Store keys (text or integers) as dense numbers 0..n-1, in ascending order of the keys."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Numbers = npt.NDArray[np.int64]

DENSE_SPAN = 1 << 22
"""Integer keys within this span are numbered through a table of the whole span: no sorting, no searching."""


def number_stores(columns: Sequence[pl.Series]) -> tuple[pl.Series, list[Numbers]]:
    """The distinct keys of all columns in ascending order, and each column as positions in them."""
    kept = [column for column in columns if len(column)]
    if not kept:
        return pl.Series("store", [], dtype=pl.String), [np.empty(0, np.int64) for _ in columns]
    if any(column.null_count() for column in kept):
        raise ValueError("a store key is null: leave such rows out")
    if all(column.dtype == pl.String for column in kept):
        return _number_texts(columns, kept)
    if all(column.dtype.is_integer() for column in kept):
        return _number_integers([column if len(column) else column.cast(kept[0].dtype) for column in columns])
    kinds = sorted({str(column.dtype) for column in kept})
    raise TypeError(f"store keys must be all text or all integers, not {', '.join(kinds)}")


def _number_texts(columns: Sequence[pl.Series], kept: Sequence[pl.Series]) -> tuple[pl.Series, list[Numbers]]:
    keys = pl.concat([column.unique().alias("store") for column in kept]).unique().sort()
    kind = pl.Enum(keys)
    return keys, [column.cast(pl.String).cast(kind).to_physical().cast(pl.Int64).to_numpy() for column in columns]


def _number_integers(columns: Sequence[pl.Series]) -> tuple[pl.Series, list[Numbers]]:
    values = [column.to_numpy() for column in columns]
    low = min(int(part.min()) for part in values if len(part))
    high = max(int(part.max()) for part in values if len(part))
    dtype = columns[0].dtype
    if high - low < DENSE_SPAN:
        present = np.zeros(high - low + 1, dtype=np.bool_)
        for part in values:
            present[part - low] = True
        place = np.cumsum(present) - 1
        keys = np.flatnonzero(present) + low
        return pl.Series("store", keys).cast(dtype), [place[part - low] for part in values]
    keys = np.unique(np.concatenate([np.unique(part) for part in values]))
    return pl.Series("store", keys).cast(dtype), [np.searchsorted(keys, part) for part in values]
