"""Reliability of confidence, drawn: what was said beside how often hindsight agreed."""

from typing import Any

from opsroom.core.charts.declaration import LineChart, Series
from opsroom.core.charts.drawing import draw

FEW = 10  # choices below which a bin says nothing


def reliability_chart(found: dict[str, Any] | None, *, alone: bool = False) -> str | None:
    """Percent over percent; bins with few choices are left out. None where no futures were asked."""
    if found is None:
        return None
    shown = [each for each in found["bins"] if each["choices"] >= FEW]
    if not shown:
        return None
    seen = [(100 * each["confidence"], 100 * each["agreed"]) for each in shown]
    chart = LineChart(
        title=f"Confidence against hindsight, {found['choices']} choices",
        series=(Series("hindsight agreed", seen), Series("as it was said", [(50.0, 50.0), (100.0, 100.0)])),
        y_label="hindsight agreed, %",
        x_label="confidence, %",
        low=40.0,
        high=100.0,
    )
    return draw(chart, alone=alone)
