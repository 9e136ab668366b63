"""Analysis of variance: one way, and two factors crossed with equal repetition."""

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, UnusableData
from .special import f_tail
from .subgroups import Subgroups


@dataclass(frozen=True)
class Source:
    """A line of the table; F and p are absent for the line the others are tested against."""

    df: int
    ss: float
    ms: float
    f: float | None = None
    p: float | None = None


def one_way(groups: Subgroups) -> tuple[Source, Source]:
    """Between and within groups. All sums are taken around the grand mean, which keeps the digits of large values."""
    between_df, within_df = groups.sizes.size - 1, groups.values.size - groups.sizes.size
    if between_df < 1 or within_df < 1:
        raise UnusableData("one-way analysis needs at least 2 groups and more values than groups")
    centered = Subgroups(groups.values - groups.grand_mean, groups.sizes)
    residuals = centered.values - np.repeat(centered.means, centered.sizes)
    within = _source(float((residuals**2).sum()), within_df)
    between = _source(float((groups.sizes * centered.means**2).sum()), between_df)
    return tested(between, within), within


@dataclass(frozen=True)
class Crossed:
    """Both factors are random: they are tested against their interaction, the interaction against repetition."""

    first: Source
    second: Source
    interaction: Source
    repetition: Source
    total: Source


def two_way_crossed(cells: Floats) -> Crossed:
    """`cells` has the shape (first factor, second factor, repetition)."""
    first, second, repeats = cells.shape
    if min(first, second, repeats) < 2:
        raise UnusableData("a crossed analysis needs at least 2 levels of each factor and 2 repetitions")
    x = cells - cells.mean()
    by_first, by_second, by_cell = x.mean(axis=(1, 2)), x.mean(axis=(0, 2)), x.mean(axis=2)
    joint = by_cell - by_first[:, None] - by_second[None, :]
    repetition = _source(float(((x - by_cell[:, :, None]) ** 2).sum()), first * second * (repeats - 1))
    interaction = _source(repeats * float((joint**2).sum()), (first - 1) * (second - 1))
    return Crossed(
        tested(_source(second * repeats * float((by_first**2).sum()), first - 1), interaction),
        tested(_source(first * repeats * float((by_second**2).sum()), second - 1), interaction),
        tested(interaction, repetition),
        repetition,
        _source(float((x**2).sum()), x.size - 1),
    )


def tested(source: Source, against: Source) -> Source:
    """The source with F and p; both stay absent where there is nothing to compare with."""
    if against.ms == 0:
        return source
    ratio = source.ms / against.ms
    return Source(source.df, source.ss, source.ms, ratio, f_tail(ratio, source.df, against.df))


def pooled(one: Source, other: Source) -> Source:
    return _source(one.ss + other.ss, one.df + other.df)


def _source(ss: float, df: int) -> Source:
    return Source(df, ss, ss / df)
