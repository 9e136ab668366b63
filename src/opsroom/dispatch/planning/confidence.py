"""How far sampled futures agree about one order."""

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """`dispatched` of `samples` futures send the order now; `sent` is what was then done."""

    order: str
    dispatched: int
    samples: int
    sent: bool

    @property
    def share(self) -> float:
        """f, the share of futures that send it now."""
        return self.dispatched / self.samples

    @property
    def confidence(self) -> float:
        """max(f, 1 − f): how clear the futures' vote is, whichever way it goes."""
        return max(self.share, 1 - self.share)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval for the winning side's share."""
        winning = max(self.dispatched, self.samples - self.dispatched)
        return wilson(winning, self.samples)


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    With p = successes/trials: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n). No trials know nothing: (0, 1).
    """
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)
