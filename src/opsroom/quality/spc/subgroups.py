"""Measurements taken together: rational subgroups of equal or varying size, and what each says of the spread."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Flags, Floats, Integers, Line, UnusableData, finite, straightened
from .constants import c4, d2


@dataclass(frozen=True, eq=False)
class Subgroups:
    """`values` hold one subgroup after the other; `sizes` say how many belong to each."""

    values: Floats
    sizes: Integers

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", finite(self.values, "measurements"))
        if self.sizes.min() < 1 or self.sizes.sum() != self.values.size:
            raise UnusableData("the sizes of the subgroups must be positive and add up to the number of measurements")

    @classmethod
    def from_labels(cls, values: ArrayLike, labels: Sequence[Hashable]) -> "Subgroups":
        """Values with the same label belong together; subgroups stand in the order of their first value."""
        array = finite(values, "measurements")
        if len(labels) != array.size:
            raise UnusableData(f"{array.size} measurements came with {len(labels)} subgroup labels")
        codes = codes_of(labels)
        return cls(array[np.argsort(codes, kind="stable")], np.bincount(codes))

    @classmethod
    def from_rows(cls, rows: Sequence[ArrayLike]) -> "Subgroups":
        """One sequence of measurements for each subgroup."""
        arrays = [finite(row, f"subgroup {number}") for number, row in enumerate(rows, start=1)]
        return cls(np.concatenate(arrays), np.array([array.size for array in arrays]))

    @cached_property
    def means(self) -> Floats:
        return np.add.reduceat(self.values, self._starts) / self.sizes

    @cached_property
    def ranges(self) -> Floats:
        highest: Floats = np.maximum.reduceat(self.values, self._starts)
        return highest - np.minimum.reduceat(self.values, self._starts)

    @cached_property
    def deviations(self) -> Floats:
        """The standard deviation of each subgroup, with n - 1."""
        residuals = self.values - np.repeat(self.means, self.sizes)
        return np.sqrt(np.add.reduceat(residuals * residuals, self._starts) / (self.sizes - 1))

    @cached_property
    def grand_mean(self) -> float:
        """The mean of all measurements: subgroup means weighted by size (Montgomery, section 6.3.2)."""
        return mean(self.values)

    def chosen(self, flags: Flags) -> "Subgroups":
        return Subgroups(self.values[np.repeat(flags, self.sizes)], self.sizes[flags])

    def by_size(self, constant: Callable[[int], float]) -> Line:
        """A constant that depends on the size, at each subgroup."""
        return by_size(constant, self.sizes)

    def refuse_single_values(self) -> None:
        single = np.flatnonzero(self.sizes < 2)
        if single.size:
            raise UnusableData(
                f"subgroup {single[0] + 1} holds one measurement; its spread needs at least 2, "
                "or a chart of individual values"
            )

    @cached_property
    def _starts(self) -> Integers:
        starts: Integers = np.cumsum(self.sizes) - self.sizes
        return starts


def sigma_from_ranges(groups: Subgroups) -> float:
    """The mean of R/d2(n): R̄/d2 where all sizes are equal, and unweighted where they vary (Burr 1969)."""
    groups.refuse_single_values()
    return mean(groups.ranges / groups.by_size(d2))


def sigma_from_deviations(groups: Subgroups) -> float:
    """The mean of s/c4(n): s̄/c4 where all sizes are equal."""
    groups.refuse_single_values()
    return mean(groups.deviations / groups.by_size(c4))


def sigma_pooled(groups: Subgroups) -> float:
    """The pooled standard deviation over c4(f + 1), f = Σ(n - 1): unbiased, and the sharpest of the three."""
    groups.refuse_single_values()
    freedom = int((groups.sizes - 1).sum())
    return _pooled_deviation(groups) / c4(freedom + 1)


def sigma_from_moving_ranges(values: Floats, marked: Flags | None = None) -> float:
    """The mean distance of neighbours over d2(2); where flags are given, of neighbours that both have one."""
    ranges = np.abs(np.diff(values))
    if marked is not None:
        ranges = ranges[marked[1:] & marked[:-1]]
    if ranges.size == 0:
        raise UnusableData("a moving range needs at least 2 measurements that follow each other")
    return mean(ranges) / d2(2)


def average_deviation(groups: Subgroups) -> float:
    """s̄: the mean of s for equal sizes and the pooled s for varying ones (Montgomery, section 6.3.2)."""
    groups.refuse_single_values()
    equal = (groups.sizes == groups.sizes[0]).all()
    return mean(groups.deviations) if equal else _pooled_deviation(groups)


def by_size(constant: Callable[[int], float], sizes: Integers) -> Line:
    distinct, where = np.unique(sizes, return_inverse=True)
    return straightened(np.array([constant(int(size)) for size in distinct])[where])


def codes_of(labels: Sequence[Hashable]) -> Integers:
    """0, 1, 2, … by first appearance."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(label, len(known)) for label in labels], dtype=np.int64)


def mean(values: Floats) -> float:
    """The mean around the first value, which keeps digits where all values share the leading ones."""
    first = float(values[0])
    return first + float((values - first).mean())


def _pooled_deviation(groups: Subgroups) -> float:
    freedom = groups.sizes - 1
    return math.sqrt(float((freedom * groups.deviations**2).sum() / freedom.sum()))
