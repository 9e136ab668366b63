"""Charts of the engine as pictures, for pages and reports."""

from opsroom.core.charts import ControlChart, ControlPoint, Histogram, Limit
from opsroom.quality.charts.series import Measured, Place
from opsroom.quality.spc.chart import Chart
from opsroom.quality.spc.signals import at

NAMES = {
    "xbar-r": "Mean",
    "xbar-s": "Mean",
    "imr": "Value",
    "ewma": "EWMA",
    "cusum": "Cusum",
    "r": "Range",
    "s": "Standard deviation",
    "mr": "Moving range",
}
BINS = 12


def control_chart(chart: Chart, places: list[Place], characteristic: str) -> ControlChart:
    signals = {signal.index: signal.explanation for signal in chart.signals}
    points = [
        ControlPoint(
            places[index].lot_number,
            float(value),
            at(chart.center, index),
            at(chart.lcl, index),
            at(chart.ucl, index),
            signal=signals.get(index, ""),
        )
        for index, value in enumerate(chart.points)
    ]
    name = NAMES.get(chart.kind, chart.kind)
    return ControlChart(f"{name} of {characteristic.replace('_', ' ')}", points, name)


def histogram(series: Measured, characteristic: str) -> Histogram:
    values = sorted(series.values)
    low, high = values[0], values[-1]
    width = (high - low) / BINS or 1.0
    edges = [low + width * step for step in range(BINS + 1)]
    counts = [sum(edges[i] <= v < edges[i + 1] or (i == BINS - 1 and v == high) for v in values) for i in range(BINS)]
    named = () if series.limits is None else (("LSL", series.limits.lower), ("USL", series.limits.upper))
    limits = [Limit(value, name) for name, value in named if value is not None]
    return Histogram("Distribution", edges, counts, characteristic.replace("_", " "), limits)
