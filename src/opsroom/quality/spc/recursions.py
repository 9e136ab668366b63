"""Two recursions over long series, block by block: inside a block by array operations, from block to block by a loop.

Short blocks also keep running sums small, so that rounding does not grow with the length of the series.
"""

import numpy as np

from .arrays import Floats

SMOOTHED_BLOCK = 32
SUMMED_BLOCK = 512


def smoothed(values: Floats, start: float, weight: float) -> Floats:
    """z_i = w x_i + (1-w) z_(i-1) with z before the first value `start`."""
    keep = 1 - weight
    blocks = _blocks(values - start, SMOOTHED_BLOCK)
    powers = keep ** np.arange(SMOOTHED_BLOCK + 1)
    distance = np.arange(SMOOTHED_BLOCK)[None, :] - np.arange(SMOOTHED_BLOCK)[:, None]
    shares = np.where(distance >= 0, weight * powers[np.abs(distance)], 0.0)
    inside = blocks @ shares
    before, carried = 0.0, []
    for last in inside[:, -1].tolist():
        carried.append(before)
        before = last + float(powers[-1]) * before
    inside += np.array(carried)[:, None] * powers[None, 1:]
    return start + inside.ravel()[: values.size]


def positive_sums(gains: Floats) -> Floats:
    """C_i = max(0, C_(i-1) + g_i) from 0. A block that begins at c gives max(what it gives from 0, its sum + c)."""
    sums = np.cumsum(_blocks(gains, SUMMED_BLOCK), axis=1)
    alone = sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0.0)
    before, carried = 0.0, []
    for own, total in zip(alone[:, -1].tolist(), sums[:, -1].tolist(), strict=True):
        carried.append(before)
        before = max(own, total + before)
    sums += np.array(carried)[:, None]
    return np.maximum(alone, sums, out=alone).ravel()[: gains.size]


def _blocks(values: Floats, length: int) -> Floats:
    """Rows of equal length, the last one filled up with zeros."""
    padded = np.zeros(-(-values.size // length) * length)
    padded[: values.size] = values
    return padded.reshape(-1, length)
