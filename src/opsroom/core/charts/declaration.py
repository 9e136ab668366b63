"""What a chart shows. How it is drawn is decided once, in the modules beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["up", "down", "unknown", "excused", "waiting", "held", "running", "closed"]
X = float | datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """A level line across the chart, with its name at the right end. kind: limit (dashed) or center"""

    value: float
    name: str
    kind: Literal["limit", "center"] = "limit"


@dataclass(frozen=True, slots=True)
class Series:
    """points: (x, y) by x; a y of None interrupts the line. At most four series are told apart."""

    name: str
    points: Sequence[tuple[X, float | None]]


@dataclass(frozen=True, slots=True)
class LineChart:
    """title: what it says, also for readers of the screen; y_label: the quantity and its unit

    from_zero: the y axis begins at 0
    low, high: bounds that the y axis shows whatever the data
    zone: in which times along the x axis are told
    """

    title: str
    series: Sequence[Series]
    y_label: str
    x_label: str = ""
    limits: Sequence[Limit] = ()
    from_zero: bool = False
    low: float | None = None
    high: float | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Bar:
    """note: the value as people read it, written beside the bar; kind: a state's colour and pattern"""

    label: str
    value: float
    note: str = ""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars from left to right, one below the other, from zero; values are not negative."""

    title: str
    bars: Sequence[Bar]
    x_label: str = ""
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """counts[i] lies in [edges[i], edges[i + 1]); limits are upright lines, such as a specification's."""

    title: str
    edges: Sequence[float]
    counts: Sequence[int]
    x_label: str
    limits: Sequence[Limit] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of time in a state; note: shown on hover"""

    start: datetime
    end: datetime
    kind: Kind
    note: str = ""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    label: str
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class StateTimeline:
    """One bar of states in time for each row. zone: of the ticks; spans are cut to [start, end)"""

    title: str
    rows: Sequence[TimelineRow]
    start: datetime
    end: datetime
    zone: str = "UTC"
    words: Sequence[tuple[Kind, str]] = (("up", "up"), ("down", "down"), ("unknown", "unknown"), ("closed", "closed"))


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """signal: why the point stands out, empty if it does not; center, lower and upper may differ from point to point"""

    label: str
    value: float
    center: float
    lower: float | None
    upper: float | None
    signal: str = ""


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Points in their order with centre line and limits; a signal is larger, square and of another colour."""

    title: str
    points: Sequence[ControlPoint]
    y_label: str
    x_label: str = ""


@dataclass(frozen=True, slots=True)
class ParetoChart:
    """Counts from the largest to the smallest with their cumulated share; the order is made here."""

    title: str
    bars: Sequence[tuple[str, float]]
    y_label: str


Chart = LineChart | BarChart | Histogram | StateTimeline | ControlChart | ParetoChart
