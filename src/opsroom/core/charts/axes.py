"""The frame that charts of values share: a y axis with few grid lines, an x axis of figures, times or labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsroom.core.charts.declaration import Limit
from opsroom.core.charts.scale import Scale, tick_words, ticks
from opsroom.core.charts.svg import line, shortened, text, width_of

WIDTH = 720.0
TOP, FOOT = 28.0, 34.0
GAP = 8.0
BOLD = 1.1  # so much wider
NO_LABEL = 14.0  # px that an axis without a label does not need


@dataclass(frozen=True, slots=True)
class Frame:
    """The plotting area, and the scale of its y axis."""

    left: float
    right: float
    top: float
    bottom: float
    y: Scale


def framed(values: Iterable[float], height: float, *, y_label: str, names: Sequence[str] = ()) -> tuple[Frame, str]:
    """A frame whose y axis covers the values, drawn; `names` are written at its right side and need room."""
    inside = list(values) or [0.0, 1.0]
    levels = ticks(min(inside), max(inside))
    words = tick_words(levels)
    left = max(map(width_of, words)) + GAP * 2
    right = WIDTH - max((width_of(name) * BOLD + GAP for name in names), default=GAP)
    frame = Frame(left, max(right, WIDTH * 0.6), TOP, height - FOOT, Scale(levels[0], levels[-1], height - FOOT, TOP))
    drawn = [text(y_label, 0, 12)]
    for level, word in zip(levels, words, strict=True):
        drawn.extend(
            (
                line(frame.left, frame.y(level), frame.right, frame.y(level), "chart-grid"),
                text(word, frame.left - GAP, frame.y(level) + 4, "end"),
            )
        )
    drawn.append(line(frame.left, frame.bottom, frame.right, frame.bottom, "chart-axis"))
    return frame, "".join(drawn)


def with_foot(frame: Frame, content: str, marks: Iterable[tuple[float, str]], x_label: str = "") -> tuple[str, float]:
    """With the labels below the x axis, left out where they would touch the one before; and the chart's height."""
    drawn, free_from = [content], 0.0
    for place, words in marks:
        half = width_of(words) / 2
        if place - half < free_from or place + half > WIDTH:
            continue
        drawn.append(text(words, place, frame.bottom + 15, "middle"))
        free_from = place + half + GAP
    drawn.append(text(x_label, frame.right, frame.bottom + 30, "end") if x_label else "")
    return "".join(drawn), frame.bottom + (FOOT if x_label else FOOT - NO_LABEL)


def level_lines(frame: Frame, limits: Sequence[Limit]) -> str:
    return "".join(
        line(frame.left, frame.y(each.value), frame.right, frame.y(each.value), f"chart-{each.kind}") for each in limits
    ) + beside(frame, [(each.value, each.name) for each in limits])


def beside(frame: Frame, names: Sequence[tuple[float, str]]) -> str:
    """Names at the right end of their lines, moved apart where they would touch."""
    room = WIDTH - frame.right - GAP / 2
    drawn, above = [], 0.0
    for value, name in sorted(names, reverse=True):
        above = max(frame.y(value) + 4, above + 12)
        drawn.append(text(shortened(name, room / BOLD), frame.right + GAP / 2, above, style="chart-strong"))
    return "".join(drawn)
