"""What every part of the engine takes and refuses."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Line: TypeAlias = float | Floats
"""A line of a chart: one number where it is straight, one per point where it is not."""


class UnusableData(ValueError):  # noqa: N818 - it reads as the refusal it is
    """The data cannot carry the statistic that was asked for; the sentence says where and why."""


def finite(values: ArrayLike, what: str) -> Floats:
    """A one-dimensional array of at least one finite number; `what` names it in the refusal."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise UnusableData(f"{what}: expected a list of at least one number, found the shape {array.shape}")
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        at = int(wrong[0])
        raise UnusableData(f"{what}: number {at + 1} is {array[at]}, expected a finite number")
    return array


def straightened(line: Floats) -> Line:
    """One number if the line is the same at every point."""
    return float(line[0]) if (line == line[0]).all() else line
