"""Bars from left to right, and Pareto's order with its cumulated share."""

from opsroom.core.charts.axes import GAP, WIDTH, framed, with_foot
from opsroom.core.charts.declaration import BarChart, ParetoChart
from opsroom.core.charts.scale import Scale, tick_words, ticks
from opsroom.core.charts.svg import bar, figure, line, shortened, state, tag, text, width_of

ROW, THICK = 22.0, 14.0
PARETO_HEIGHT = 240.0
LARGEST_LABEL = 240.0
VITAL = 0.8  # the share that Pareto's rule asks about


def draw_bars(chart: BarChart) -> tuple[str, float]:
    largest = max([chart.high or 0.0, *(each.value for each in chart.bars)]) or 1.0
    levels = ticks(0, largest)
    left = min(max((width_of(each.label) for each in chart.bars), default=0) + GAP, LARGEST_LABEL)
    notes = max((width_of(each.note) for each in chart.bars), default=0) + GAP * 2
    bottom = GAP + ROW * len(chart.bars)
    x = Scale(0, levels[-1], left, WIDTH - notes)
    drawn = ""
    for level, words in zip(levels, tick_words(levels), strict=True):
        drawn += line(x(level), GAP / 2, x(level), bottom, "chart-grid") + text(words, x(level), bottom + 15, "middle")
    for row, each in enumerate(chart.bars):
        y = GAP + ROW * row
        width = x(each.value) - left
        drawn += text(shortened(each.label, left - GAP), left - GAP, y + 11, "end")
        note = f"{each.label}: {each.note or figure(each.value)}"
        drawn += (
            state(left, y, width, THICK, each.kind, note)
            if each.kind
            else bar(left, y, width, THICK, "chart-bar", note)
        )
        drawn += text(each.note, x(each.value) + GAP / 2, y + 11, style="chart-strong") if each.note else ""
    drawn += line(left, GAP / 2, left, bottom, "chart-axis")
    if chart.x_label:
        drawn += text(chart.x_label, WIDTH - notes, bottom + 30, "end")
    return drawn, bottom + 34


def draw_pareto(chart: ParetoChart) -> tuple[str, float]:
    bars = sorted(chart.bars, key=lambda each: (-each[1], each[0]))
    total = sum(value for _, value in bars) or 1.0
    frame, drawn = framed(
        [0, *(value for _, value in bars)], PARETO_HEIGHT, y_label=chart.y_label, names=["100 %"]
    )  # fmt: skip
    share = Scale(0, 1, frame.bottom, frame.top)
    step = (frame.right - frame.left) / max(len(bars), 1)
    path, cumulated, marks = [], 0.0, []
    for place, (label, value) in enumerate(bars):
        cumulated += value
        middle = frame.left + step * (place + 0.5)
        note = f"{label}: {figure(value)}, together {cumulated / total:.1%}"
        drawn += bar(middle - step * 0.4, frame.y(value), step * 0.8, frame.bottom - frame.y(value), "chart-bar", note)
        path.append(f"{figure(middle)} {figure(share(cumulated / total))}")
        marks.append((middle, shortened(label, step)))
    drawn += line(frame.left, share(VITAL), frame.right, share(VITAL), "chart-limit")
    drawn += tag("path", class_="chart-line series-b", d="M" + "L".join(path)) if path else ""
    drawn += "".join(
        text(f"{each:.0%}".replace("%", " %"), frame.right + GAP / 2, share(each) + 4) for each in (0.5, VITAL, 1.0)
    )
    return with_foot(frame, drawn, marks)
