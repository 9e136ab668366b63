"""One door for every kind of chart."""

from html import escape

from opsroom.core.charts.axes import WIDTH
from opsroom.core.charts.bars import draw_bars, draw_pareto
from opsroom.core.charts.declaration import (
    BarChart,
    Chart,
    ControlChart,
    Histogram,
    LineChart,
    ParetoChart,
    StateTimeline,
)
from opsroom.core.charts.lines import draw_control, draw_histogram, draw_lines
from opsroom.core.charts.states import draw_timeline
from opsroom.core.charts.svg import figure
from opsroom.core.look import chart_style_on_paper

# Hatching and stripes. Pages have them once, for all their charts; a picture that stands alone carries its own.
PATTERNS = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" class="hatch-ground"/><rect width="2" height="6" class="hatch-line"/></pattern>'
    '<pattern id="stripe" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
    '<rect width="6" height="6" class="stripe-ground"/><rect width="3" height="6" class="stripe-line"/></pattern>'
    "</defs>"
)


def draw(chart: Chart, *, alone: bool = False) -> str:
    """An `<svg>` for a page with the patterns and `charts.css`; with `alone` it carries both, in the light theme."""
    content, height = _content(chart)
    own = f"<style>{chart_style_on_paper()}</style>{PATTERNS}" if alone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {figure(WIDTH)} {figure(height)}" '
        f'role="img" aria-label="{escape(chart.title)}">{own}{content}</svg>'
    )


def _content(chart: Chart) -> tuple[str, float]:
    match chart:
        case LineChart():
            return draw_lines(chart)
        case BarChart():
            return draw_bars(chart)
        case Histogram():
            return draw_histogram(chart)
        case StateTimeline():
            return draw_timeline(chart)
        case ControlChart():
            return draw_control(chart)
        case ParetoChart():
            return draw_pareto(chart)
