"""Observations sorted by store and instant, one per instant."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


def arrange(stores: int, store: Int64s, instant: Int64s, up: npt.NDArray[np.integer]) -> tuple[Observations, int, int]:
    """Sort; collapse identical rows; let a contradiction count as down.

    Returns the observations, how many rows were duplicates, and at how many instants rows contradicted.
    """
    if len(instant) == 0:
        return Observations(np.zeros(stores + 1, np.int64), instant, np.empty(0, np.bool_)), 0, 0
    base = int(instant.min())
    bits = max(int(instant.max() - base).bit_length(), 1)
    if bits + 1 + stores.bit_length() > 63:
        return _arrange_wide(stores, store, instant, up)
    key = store << bits
    key += instant - base
    key <<= 1
    key += up != 0
    key.sort()  # the status is the lowest bit, so of two contradicting rows the inactive one comes first
    same = (key[1:] >> 1) == (key[:-1] >> 1)
    contradictions, duplicates = _count(same, key[1:] != key[:-1])
    if contradictions or duplicates:
        key = key[np.append(True, ~same)]
    first = np.searchsorted(key, np.arange(stores + 1) << (bits + 1))
    status = (key & 1).astype(np.bool_)
    key >>= 1
    key &= (1 << bits) - 1
    key += base
    return Observations(first, key, status), duplicates, contradictions


def _arrange_wide(
    stores: int, store: Int64s, instant: Int64s, up: npt.NDArray[np.integer]
) -> tuple[Observations, int, int]:
    """The same where store and instant do not fit together into 63 bits."""
    order = np.lexsort((up != 0, instant, store))
    store, instant, status = store[order], instant[order], up[order] != 0
    same = (store[1:] == store[:-1]) & (instant[1:] == instant[:-1])
    contradictions, duplicates = _count(same, status[1:] != status[:-1])
    kept = np.append(True, ~same)
    first = np.searchsorted(store[kept], np.arange(stores + 1))
    return Observations(first, instant[kept], status[kept]), duplicates, contradictions


def _count(same: Flags, differs: Flags) -> tuple[int, int]:
    """Contradicting instants (sorted, so the status changes at most once in an instant), and repeated rows."""
    repeated = int(np.count_nonzero(same))
    contradictions = int(np.count_nonzero(same & differs)) if repeated else 0
    return contradictions, repeated - contradictions
