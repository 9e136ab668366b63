"""Bars of states in time."""

from opsroom.core.charts.axes import GAP, WIDTH
from opsroom.core.charts.declaration import Kind, StateTimeline
from opsroom.core.charts.scale import Scale, seconds, time_ticks
from opsroom.core.charts.svg import line, shortened, state, text, width_of

ROW, THICK = 26.0, 18.0
LARGEST_LABEL = 200.0
LEGEND = 24.0


def draw_timeline(chart: StateTimeline) -> tuple[str, float]:
    left = min(max((width_of(row.label) for row in chart.rows), default=0) + GAP, LARGEST_LABEL)
    x = Scale(seconds(chart.start), seconds(chart.end), left, WIDTH)
    top = LEGEND
    bottom = top + ROW * len(chart.rows)
    drawn = _legend(chart)
    for number, row in enumerate(chart.rows):
        y = top + ROW * number
        drawn += text(shortened(row.label, left - GAP), left - GAP, y + 13, "end")
        for span in row.spans:
            begins, ends = max(span.start, chart.start), min(span.end, chart.end)
            if begins < ends:
                drawn += state(
                    x(seconds(begins)), y, x(seconds(ends)) - x(seconds(begins)), THICK, span.kind, span.note
                )  # fmt: skip
    free_from = 0.0
    for at, words in time_ticks(chart.start, chart.end, chart.zone):
        place, half = x(seconds(at)), width_of(words) / 2
        if place - half < free_from or place + half > WIDTH:
            continue
        drawn += line(place, bottom - 4, place, bottom, "chart-axis") + text(words, place, bottom + 12, "middle")
        free_from = place + half + GAP
    return drawn + text(chart.zone, WIDTH, bottom + 26, "end"), bottom + 30


def _legend(chart: StateTimeline) -> str:
    """The states that occur, each by its colour, its pattern and its word."""
    seen: set[Kind] = {span.kind for row in chart.rows for span in row.spans}
    drawn, place = "", 0.0
    for kind, word in chart.words:
        if kind in seen:
            drawn += state(place, 2, 12, 12, kind) + text(word, place + 17, 12)
            place += 17 + width_of(word) + GAP * 2
    return drawn
