"""Charts: what is drawn where, and that nothing given can become markup."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.core.charts import (
    Bar,
    BarChart,
    Chart,
    ControlChart,
    ControlPoint,
    Histogram,
    Limit,
    LineChart,
    ParetoChart,
    Series,
    Span,
    StateTimeline,
    TimelineRow,
    draw,
)
from opsroom.core.charts.scale import nice, tick_words, ticks, time_ticks

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=1)
SVG = "{http://www.w3.org/2000/svg}"
NAME = '<b>"Ann" & Co</b>'

LINES = LineChart(NAME, [Series(NAME, [(1, 2.0), (2, None), (3, 4.0)])], "mm", limits=[Limit(3, NAME)])
EVERY: tuple[Chart, ...] = (
    LINES,
    LineChart("times", [Series("a", [(START, 1.0), (END, 2.0)]), Series("b", [(START, 3.0)])], "mm"),
    BarChart(NAME, [Bar(NAME, 3, NAME), Bar("x", 0, kind="down")], NAME),
    Histogram(NAME, (1, 2, 3), (4, 5), NAME, [Limit(1.5, NAME)]),
    StateTimeline(NAME, [TimelineRow(NAME, [Span(START, END, "down", NAME)])], START, END),
    ControlChart(NAME, [ControlPoint(NAME, 1, 2, 0, 4, NAME), ControlPoint("b", 3, 2, None, 5)], NAME),
    ParetoChart(NAME, [(NAME, 3), ("b", 9)], NAME),
)
EMPTY: tuple[Chart, ...] = (
    LineChart("", [], ""),
    BarChart("", [], ""),
    Histogram("", (), (), ""),
    StateTimeline("", [], START, END),
    ControlChart("", [], ""),
    ParetoChart("", [], ""),
)


def parsed(chart: Chart) -> ET.Element:
    return ET.fromstring(draw(chart))  # noqa: S314  our own text


def of_class(drawn: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in drawn.iter() if name in each.get("class", "").split()]


def labels(drawn: ET.Element) -> list[str]:
    return [each.text or "" for each in drawn.iter(f"{SVG}text")]


@pytest.mark.parametrize("chart", EVERY, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("alone", [False, True])
def test_names_are_text_and_never_markup(chart: Chart, alone: bool) -> None:  # noqa: FBT001  a parameter of the test
    text = draw(chart, alone=alone)
    drawn = ET.fromstring(text)  # noqa: S314  our own text
    assert "<b>" not in text
    assert "var(" not in text
    assert drawn.get("role") == "img"
    assert ("<style>" in text) is alone


@pytest.mark.parametrize("chart", EMPTY, ids=lambda each: type(each).__name__)
def test_a_chart_of_nothing_is_still_a_picture(chart: Chart) -> None:
    assert parsed(chart).tag == f"{SVG}svg"


def test_a_line_is_interrupted_where_nothing_is_known() -> None:
    (line,) = of_class(parsed(LINES), "chart-line")
    assert line.get("d", "").count("M") == 2


def test_the_state_down_has_a_notch_so_that_it_is_known_without_its_colour() -> None:
    spans = [Span(START, START + timedelta(hours=6), "down"), Span(START + timedelta(hours=6), END, "up")]
    drawn = parsed(StateTimeline("", [TimelineRow("S", spans)], START, END))
    down = [each for each in of_class(drawn, "seg-down") if float(each.get("width", "0")) > 12]
    up = [each for each in of_class(drawn, "seg-up") if float(each.get("width", "0")) > 12]
    assert float(up[0].get("width", "0")) == pytest.approx(3 * float(down[0].get("width", "0")), abs=0.05)
    assert len(of_class(drawn, "notch")) == 2  # the bar's and the legend's


def test_spans_are_cut_to_the_window() -> None:
    spans = [Span(START - timedelta(days=3), END + timedelta(days=3), "up")]
    drawn = parsed(StateTimeline("", [TimelineRow("", spans)], START, END, words=()))
    (bar,) = of_class(drawn, "seg-up")
    assert float(bar.get("x", "")) + float(bar.get("width", "")) == pytest.approx(720)


def test_signals_of_a_control_chart_are_squares_that_say_why() -> None:
    points = [ControlPoint("1", 10, 10, 7, 13), ControlPoint("2", 14, 10, 7, 13, "beyond 3 sigma")]
    drawn = parsed(ControlChart("", points, "mm"))
    (signal,) = of_class(drawn, "chart-signal")
    assert signal.find(f"{SVG}title") is not None
    assert "beyond 3 sigma" in (signal.findtext(f"{SVG}title") or "")
    assert len(of_class(drawn, "chart-dot")) == 1
    assert {"UCL 13", "CL 10", "LCL 7"} <= set(labels(drawn))


def test_limits_that_change_are_drawn_as_steps() -> None:
    points = [ControlPoint(str(at), 5, 5, None, upper) for at, upper in enumerate((8.0, 8.0, 9.0))]
    (upper,) = of_class(parsed(ControlChart("", points, "")), "chart-limit")
    assert upper.get("d", "").count("V") == 1


def test_pareto_orders_the_bars_and_cumulates_their_share() -> None:
    drawn = parsed(ParetoChart("", [("small", 10), ("large", 60), ("middle", 30)], "count"))
    titles = [each.findtext(f"{SVG}title") for each in of_class(drawn, "chart-bar")]
    assert titles == ["large: 60, together 60.0%", "middle: 30, together 90.0%", "small: 10, together 100.0%"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (0.13, 0.4, [0.1, 0.2, 0.3, 0.4]),
        (5, 5, [2, 3, 4, 5, 6, 7, 8]),
        (-3, 12, [-5, 0, 5, 10, 15]),
    ],
)
def test_ticks_are_round_and_cover_the_values(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_ticks_of_any_range_enclose_it_and_are_few(low: float, width: float) -> None:
    found = ticks(low, low + width)
    slack = width * 1e-6
    assert found[0] <= low + slack
    assert found[-1] >= low + width - slack
    assert 2 <= len(found) <= 8
    assert len(set(tick_words(found))) == len(found)


@given(st.floats(1e-9, 1e9))
def test_a_nice_step_is_one_two_or_five(raw: float) -> None:
    assert re.fullmatch(r"[125]\.0+e.*", f"{nice(raw):.6e}")
    assert raw * (1 - 1e-6) <= nice(raw) <= raw * 2.5 * (1 + 1e-6)


def test_times_are_round_in_the_zone_asked_for() -> None:
    found = time_ticks(START, END, "Europe/Rome")
    assert [words for _, words in found] == ["03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "03-03"]
    assert [words for _, words in time_ticks(START, START + timedelta(days=5))] == [
        "03-02", "03-03", "03-04", "03-05", "03-06", "03-07",
    ]  # fmt: skip
