"""A control chart as a value, and what its limits rest on."""

from dataclasses import dataclass, field

import numpy as np

from .arrays import Flags, Floats, Line, UnusableData
from .rules import NELSON, Rules, Track
from .signals import Signals, find_signals


@dataclass(frozen=True, eq=False)
class Basis:
    """Where limits come from: given values, or the points that `phase1` marks (all, if nothing is said).

    `sigma` is the standard deviation of one measurement, not of a plotted mean.
    """

    center: float | None = None
    sigma: float | None = None
    phase1: Flags | None = None
    rules: Rules = NELSON

    def __post_init__(self) -> None:
        if self.center is not None and not np.isfinite(self.center):
            raise UnusableData(f"the center must be a finite number, not {self.center}")
        if self.sigma is not None and not (np.isfinite(self.sigma) and self.sigma > 0):
            raise UnusableData(f"sigma must be a positive number, not {self.sigma}")

    def marked(self, points: int) -> Flags:
        """Which points the limits are computed from."""
        if self.phase1 is None:
            return np.ones(points, dtype=np.bool_)
        if self.phase1.shape != (points,):
            raise UnusableData(f"phase 1 marks {self.phase1.size} points, the chart has {points}")
        if not self.phase1.any():
            raise UnusableData("phase 1 holds no point to compute limits from")
        return self.phase1


@dataclass(frozen=True, eq=False)
class Chart:
    """Lines are one number where they are straight, one per point where they vary. `sigma` is the standard deviation
    of one measurement (of one unit on a u chart; of the plotted count or fraction on p, np and c charts).
    """

    kind: str
    center: Line
    lcl: Line
    ucl: Line
    sigma: Line
    points: Floats
    signals: Signals
    dispersion: "Chart | None" = None
    extras: dict[str, object] = field(default_factory=dict)
    """What only some kinds have, ready for JSON: the steady limits of an EWMA, the lower sums of a CUSUM."""

    def document(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        lines = {"center": self.center, "lcl": self.lcl, "ucl": self.ucl, "sigma": self.sigma}
        signals = [
            {"index": signal.index, "rule": signal.rule, "explanation": signal.explanation} for signal in self.signals
        ]
        shown = {name: line.tolist() if isinstance(line, np.ndarray) else line for name, line in lines.items()}
        document = {"kind": self.kind, **shown, "points": self.points.tolist(), "signals": signals, **self.extras}
        if self.dispersion is not None:
            document["dispersion"] = self.dispersion.document()
        return document


def shewhart(kind: str, track: Track, sigma: Line, rules: Rules, dispersion: Chart | None = None) -> Chart:
    return Chart(kind, track.center, track.lcl, track.ucl, sigma, track.points, find_signals(track, rules), dispersion)


def three_sigma(points: Floats, center: Line, spread: Line, lowest: float = -np.inf, highest: float = np.inf) -> Track:
    """Limits three standard deviations from the center, but never where the statistic itself cannot go."""
    lcl, ucl = np.maximum(center - 3 * spread, lowest), np.minimum(center + 3 * spread, highest)
    return Track(points, center, spread, _plain(lcl), _plain(ucl))


def _plain(line: Floats | np.float64) -> Line:
    return float(line) if np.ndim(line) == 0 else np.asarray(line)
