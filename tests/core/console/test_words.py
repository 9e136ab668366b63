"""Figures and times as people read them."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import Markup

from opsroom.core.console import words

SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (12_000, "3 h 20 min"),
        (0, "0.0 s"),
        (0.42, "0.4 s"),
        (0.96, "1.0 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_601, "1 h"),
        (86_399, "23 h 59 min"),
        (90_000, "1 d 1 h"),
        (-12_000, "−3 h 20 min"),
        (timedelta(minutes=5, seconds=30), "5 min 30 s"),
    ],
)
def test_a_duration_is_said_with_its_two_largest_units(seconds: float | timedelta, said: str) -> None:
    assert words.duration(seconds) == said


@given(st.integers(min_value=1, max_value=400 * 86_400))
def test_a_duration_says_less_than_one_unit_too_little(seconds: int) -> None:
    said = str(words.duration(seconds))
    parts = [part.split(" ") for part in re.findall(r"\d+ [a-z]+", said)]
    lengths = [SECONDS[unit] for _amount, unit in parts]
    total = sum(int(amount) * SECONDS[unit] for amount, unit in parts)
    # Beside the largest unit only the next smaller one is said, and it is left out when it is zero.
    finest = max((each for each in SECONDS.values() if each < lengths[0]), default=1)
    assert lengths in ([lengths[0]], [lengths[0], finest])
    assert 0 <= seconds - total < finest


def test_nothing_known_is_a_dash_with_its_reason_and_never_zero() -> None:
    for said in (words.duration(None), words.number(None), words.percent(None), words.size(None), words.ago(None)):
        assert isinstance(said, Markup)
        assert said.striptags() == "–"
        assert 'title="' in said
    assert words.number(None, reason='"quoted" & <b>') == (
        '<span class="null" title="&#34;quoted&#34; &amp; &lt;b&gt;">–</span>'
    )


@pytest.mark.parametrize(
    ("fraction", "said"),
    [(1.0, "100.00 %"), (0.99999, "99.99 %"), (0.9999, "99.99 %"), (0.58, "58.00 %"), (0.0, "0.00 %")],
)
def test_an_availability_never_reads_better_than_it_was(fraction: float, said: str) -> None:
    assert words.percent(fraction) == said


@given(st.floats(min_value=0, max_value=1))
def test_a_percentage_is_at_most_the_fraction_and_less_than_a_step_below(fraction: float) -> None:
    said = float(str(words.percent(fraction)).removesuffix(" %"))
    assert said <= fraction * 100 + 1e-9
    assert fraction * 100 - said < 0.01 + 1e-9


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_a_number_is_only_separated(value: int) -> None:
    assert int(str(words.number(value)).replace(",", "").replace("−", "-")) == value


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (13_420, "13.4 kB"),
        (999_999, "1.0 MB"),
        (99_600_000, "100 MB"),
    ],
)
def test_a_size_is_said_in_decimal_units(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3, "just now"), (-3, "just now"), (45, "45 s ago"), (250, "4 min ago"), (-7_300, "in 2 h"), (400_000, "4 d ago")],
)
def test_a_moment_is_told_from_now(seconds: float, said: str) -> None:
    assert words.distance(seconds) == said


def shown(zone: str, shape: str) -> str:
    environment = Environment(autoescape=True)
    environment.filters.update(words.FILTERS)
    viewer = SimpleNamespace(zone=ZoneInfo(zone))
    at = datetime(2026, 10, 25, 0, 30, 15, 123_456, tzinfo=UTC)
    return environment.from_string("{{ at | instant(shape) }}").render(at=at, shape=shape, viewer=viewer)


def test_an_instant_is_shown_in_the_viewers_zone_and_kept_exactly() -> None:
    assert shown("Europe/Berlin", "second") == (
        '<time datetime="2026-10-25T00:30:15.123Z" data-as="second" title="2026-10-25 00:30:15 UTC">'
        "2026-10-25 02:30:15</time>"
    )
    assert ">2026-10-24<" in shown("America/Chicago", "day")


@given(st.dictionaries(st.text(min_size=1), st.text()), st.text(min_size=1), st.text(min_size=1))
def test_a_filter_sets_its_own_parameter_and_starts_paging_again(query: dict[str, str], name: str, value: str) -> None:
    found = dict(parse_qsl(words.query_with(query, name, value), keep_blank_values=True))
    assert found == {key: each for key, each in query.items() if key != "before"} | {name: value}
