"""Lines over values or time, control charts, histograms."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from opsroom.core.charts.axes import Frame, beside, framed, level_lines, with_foot
from opsroom.core.charts.declaration import ControlChart, ControlPoint, Histogram, Limit, LineChart, Series
from opsroom.core.charts.scale import Scale, seconds, tick_words, ticks, time_ticks
from opsroom.core.charts.svg import bar, figure, line, tag, text, title

HEIGHT = 220.0
LETTERS = "abcd"
DOT = 2.5
SIGNAL = 9.0  # px, the side of the square


def draw_lines(chart: LineChart) -> tuple[str, float]:
    values = [y for series in chart.series for _, y in series.points if y is not None]
    bounds = [each for each in (chart.low, chart.high, 0.0 if chart.from_zero else None) if each is not None]
    several = chart.series if len(chart.series) > 1 else ()
    names = [*(each.name for each in several), *(each.name for each in chart.limits)]
    frame, drawn = framed(
        [*values, *bounds, *(each.value for each in chart.limits)], HEIGHT, y_label=chart.y_label, names=names
    )
    x, marks = _x_axis(frame, [at for series in chart.series for at, _ in series.points], chart.zone)
    lines = "".join(_polyline(frame, x, each, letter) for each, letter in zip(chart.series, LETTERS, strict=False))
    ends = [(_last(each), each.name) for each in several]
    drawn += level_lines(frame, chart.limits) + lines + beside(frame, ends)
    return with_foot(frame, drawn, marks, chart.x_label)


def draw_control(chart: ControlChart) -> tuple[str, float]:
    points = chart.points
    values = [each for point in points for each in _levels(point)]
    last = points[-1] if points else None
    names = _limit_names(last) if last else []
    frame, drawn = framed(values, HEIGHT, y_label=chart.y_label, names=[name for _, name in names])
    x = Scale(0, max(len(points) - 1, 1), frame.left + 8, frame.right - 8)
    drawn += _steps(frame, x, [point.center for point in points], "chart-center")
    for bound in ("lower", "upper"):
        drawn += _steps(frame, x, [getattr(point, bound) for point in points], "chart-limit")
    path = "L".join(f"{figure(x(at))} {figure(frame.y(point.value))}" for at, point in enumerate(points))
    drawn += tag("path", class_="chart-line series-a", d=f"M{path}") if points else ""
    drawn += "".join(_point(frame, x(at), point) for at, point in enumerate(points))
    marks = ((x(at), point.label) for at, point in enumerate(points))
    return with_foot(frame, drawn + beside(frame, names), marks, chart.x_label)


def draw_histogram(chart: Histogram) -> tuple[str, float]:
    frame, drawn = framed([0, *chart.counts], HEIGHT, y_label="count")
    places = [*chart.edges, *(limit.value for limit in chart.limits)]
    x, marks = _x_axis(frame, places)
    for (low, high), count in zip(pairwise(chart.edges), chart.counts, strict=True):
        top = frame.y(count)
        note = f"{figure(low)} to {figure(high)}: {count:,}"
        drawn += bar(x(low) + 0.5, top, x(high) - x(low) - 1, frame.bottom - top, "chart-bar", note)
    drawn += "".join(_upright(frame, x, limit) for limit in chart.limits)
    return with_foot(frame, drawn, marks, chart.x_label)


def _x_axis(
    frame: Frame, places: Sequence[float | datetime], zone: str = "UTC"
) -> tuple[Scale, Iterable[tuple[float, str]]]:
    """Times are cut to what was observed; figures get round ends."""
    if not places:
        return Scale(0, 1, frame.left, frame.right), ()
    low, high = min(map(seconds, places)), max(map(seconds, places))
    if isinstance(places[0], datetime):
        scale = Scale(low, high, frame.left, frame.right)
        marks = time_ticks(datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC), zone)
        return scale, [(scale(seconds(at)), words) for at, words in marks]
    levels = ticks(low, high, 8)
    scale = Scale(levels[0], levels[-1], frame.left, frame.right)
    return scale, [(scale(level), words) for level, words in zip(levels, tick_words(levels), strict=True)]


def _polyline(frame: Frame, x: Scale, series: Series, letter: str) -> str:
    """Pieces between gaps; a point alone between two gaps is a dot."""
    pieces: list[list[str]] = [[]]
    for at, value in series.points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{figure(x(seconds(at)))} {figure(frame.y(value))}")
    path = "".join("M" + "L".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece)
    return tag("path", title(series.name), class_=f"chart-line series-{letter}", d=path) if path else ""


def _last(series: Series) -> float:
    return next((value for _, value in reversed(series.points) if value is not None), 0.0)


def _levels(point: ControlPoint) -> list[float]:
    return [each for each in (point.value, point.center, point.lower, point.upper) if each is not None]


def _limit_names(point: ControlPoint) -> list[tuple[float, str]]:
    named = ((point.upper, "UCL"), (point.center, "CL"), (point.lower, "LCL"))
    return [(value, f"{name} {value:,.4g}") for value, name in named if value is not None]


def _steps(frame: Frame, x: Scale, levels: Sequence[float | None], style: str) -> str:
    """A level for each point, changing half way between two; equal neighbours become one line."""
    half = (x(1) - x(0)) / 2
    path, before = "", None
    for at, level in enumerate(levels):
        if level is None:
            before = None
            continue
        left, y = max(x(at) - half, frame.left), figure(frame.y(level))
        if before is None:
            path += f"M{figure(left)} {y}"
        elif before != level:
            path += f"V{y}"
        path += f"H{figure(min(x(at) + half, frame.right))}"
        before = level
    return tag("path", class_=style, d=path) if path else ""


def _point(frame: Frame, x: float, point: ControlPoint) -> str:
    y = frame.y(point.value)
    if not point.signal:
        return tag("circle", title(f"{point.label}: {point.value:g}"), class_="chart-dot", cx=x, cy=y, r=DOT)
    note = f"{point.label}: {point.value:g}, {point.signal}"
    return bar(x - SIGNAL / 2, y - SIGNAL / 2, SIGNAL, SIGNAL, "chart-signal", note)


def _upright(frame: Frame, x: Scale, limit: Limit) -> str:
    at = x(limit.value)
    return line(at, frame.top, at, frame.bottom, f"chart-{limit.kind}") + text(
        limit.name, at, frame.top - 6, "middle", "chart-strong"
    )
