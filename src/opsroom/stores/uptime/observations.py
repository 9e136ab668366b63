"""Observations sorted by store and instant, one per instant."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from opsroom.stores.uptime.keys import ROWS_AT_ONCE, Numbering
from opsroom.stores.uptime.zones import Int64s

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observations:
    """Observations of stores 0..n-1, ordered by store and instant, no instant twice in a store.

    Those of store s are first[s] <= index < first[s + 1]; instants in microseconds UTC.
    """

    first: Int64s
    instant: Int64s
    up: Flags

    def store_numbers(self) -> Int64s:
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


@dataclass(frozen=True, slots=True)
class Arranged:
    """Observations in order, how many rows were duplicates, and at how many instants rows contradicted."""

    observations: Observations
    duplicates: int
    contradictions: int


def arrange(frame: pl.DataFrame, numbering: Numbering) -> Arranged:
    """Sort the rows (store, instant, status); collapse identical ones; let a contradiction count as down.

    Store, instant and status are packed into one integer each if they fit, which is the fastest to sort; the table
    is packed piece by piece, for the sake of memory.
    """
    stores = len(numbering.keys)
    if frame.height == 0:
        none = Observations(np.zeros(stores + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))
        return Arranged(none, 0, 0)
    base, latest = (int(frame["instant"].min()), int(frame["instant"].max()))  # type: ignore[arg-type]  # integers
    bits = max((latest - base).bit_length(), 1)
    if bits + 1 + stores.bit_length() > 63:
        return _arrange_wide(frame, numbering)
    key = np.empty(frame.height, dtype=np.int64)
    for begin in range(0, frame.height, ROWS_AT_ONCE):
        piece = frame.slice(begin, ROWS_AT_ONCE)
        part = key[begin : begin + ROWS_AT_ONCE]
        np.left_shift(numbering.number(piece["store"]), bits, out=part)
        part += piece["instant"].to_numpy() - base
        part <<= 1
        part |= piece["status"].to_numpy() != 0
    return _unpacked(key, base, bits, stores)


def _unpacked(key: Int64s, base: int, bits: int, stores: int) -> Arranged:
    key.sort()  # the status is the lowest bit, so of two contradicting rows the inactive one comes first
    same = (key[1:] >> 1) == (key[:-1] >> 1)
    duplicates, contradictions = _count(same, key[1:], key[:-1])
    if duplicates or contradictions:
        key = key[np.append(True, ~same)]
    first = np.searchsorted(key, np.arange(stores + 1) << (bits + 1))
    up = (key & 1).astype(np.bool_)
    key >>= 1
    key &= (1 << bits) - 1
    key += base
    return Arranged(Observations(first, key, up), duplicates, contradictions)


def _arrange_wide(frame: pl.DataFrame, numbering: Numbering) -> Arranged:
    """The same where store and instant do not fit together into 63 bits."""
    store, instant = numbering.number(frame["store"]), frame["instant"].to_numpy()
    up = frame["status"].to_numpy() != 0
    order = np.lexsort((up, instant, store))
    store, instant, up = store[order], instant[order], up[order]
    same = (store[1:] == store[:-1]) & (instant[1:] == instant[:-1])
    duplicates, contradictions = _count(same, up[1:], up[:-1])
    kept = np.append(True, ~same)
    first = np.searchsorted(store[kept], np.arange(len(numbering.keys) + 1))
    return Arranged(Observations(first, instant[kept], up[kept]), duplicates, contradictions)


def _count(same: Flags, row: npt.NDArray[np.generic], before: npt.NDArray[np.generic]) -> tuple[int, int]:
    """Repeated rows, and contradicting instants: in sorted rows the status changes at most once in an instant."""
    repeated = int(np.count_nonzero(same))
    contradictions = int(np.count_nonzero(same & (row != before))) if repeated else 0
    return repeated - contradictions, contradictions
