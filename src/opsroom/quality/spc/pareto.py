"""The vital few: categories by frequency (Juran's use of Pareto's curve)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ParetoBar:
    category: str
    count: int
    share: float
    cumulative_count: int
    cumulative_share: float


def pareto(categories: Iterable[str]) -> list[ParetoBar]:
    """Most frequent first, equal counts by name; shares are fractions of all."""
    counts = sorted(Counter(categories).items(), key=lambda item: (-item[1], item[0]))
    total, reached, bars = sum(count for _, count in counts), 0, []
    for category, count in counts:
        reached += count
        bars.append(ParetoBar(category, count, count / total, reached, reached / total))
    return bars
