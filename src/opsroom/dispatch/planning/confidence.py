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
    def winning(self) -> int:
        """Futures on the side that has more of them."""
        return max(self.dispatched, self.samples - self.dispatched)

    @property
    def confidence(self) -> float:
        """How often hindsight agrees with the side that max(f, 1 − f) of the futures are on, as was measured."""
        return calibrated(self.winning, self.samples)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval for the winning side's share."""
        return wilson(self.winning, self.samples)


CALIBRATION_VERSION = 1
SLOPE, INTERCEPT = 1.185, -0.122
"""Fitted by `benchmarks/dispatch_calibration.py` to 433 choices on forty simulated days."""


def calibrated(winning: int, samples: int) -> float:
    """Platt's logistic map (1999) of the winning side's log-odds, half a vote given to either; never below ½."""
    odds = (winning + 0.5) / (samples - winning + 0.5)
    return max(1 / (1 + math.exp(-(INTERCEPT + SLOPE * math.log(odds)))), 0.5)


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
