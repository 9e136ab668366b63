"""Charts drawn by the server as SVG: the same shapes and colours in pages, in HTML files and in PDF."""

from opsroom.core.charts.declaration import (
    Bar,
    BarChart,
    Chart,
    ControlChart,
    ControlPoint,
    Histogram,
    Kind,
    Limit,
    LineChart,
    ParetoChart,
    Series,
    Span,
    StateTimeline,
    TimelineRow,
)
from opsroom.core.charts.drawing import PATTERNS, draw

__all__ = [
    "PATTERNS",
    "Bar",
    "BarChart",
    "Chart",
    "ControlChart",
    "ControlPoint",
    "Histogram",
    "Kind",
    "Limit",
    "LineChart",
    "ParetoChart",
    "Series",
    "Span",
    "StateTimeline",
    "TimelineRow",
    "draw",
]
