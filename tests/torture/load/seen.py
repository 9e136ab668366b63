"""What the callers have seen: answers with their times, and answers that never came."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Seen:
    """seconds: by kind of request; refused: nobody was there to ask; lost: asked, and no answer came"""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    lost: int = 0

    def answered(self, kind: str, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.seconds[kind].append(seconds)

    @property
    def answers(self) -> int:
        return self.statuses.total()

    def lines(self) -> Iterator[tuple[str, int, tuple[float, float, float, float]]]:
        """Kind, how many, and p50, p95, p99 and the longest in milliseconds; the last line is of all."""
        for kind in sorted(self.seconds):
            yield kind, len(self.seconds[kind]), _percentiles(self.seconds[kind])
        together = [each for times in self.seconds.values() for each in times]
        yield "all", len(together), _percentiles(together)


def _percentiles(seconds: list[float]) -> tuple[float, float, float, float]:
    p50, p95, p99, longest = np.percentile(np.array(seconds) * 1000, [50, 95, 99, 100]).tolist()
    return p50, p95, p99, longest
