"""Naming a span of time: three ways, one window."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from opsroom.core.errors import Invalid, NotFound, Refusal
from opsroom.stores.asked_window import AskedWindow, days_of, instant, microseconds
from opsroom.stores.uptime import HOUR, Window

LATEST = microseconds(datetime(2026, 10, 28, 12, tzinfo=UTC))


def shown(asked: AskedWindow, zone: str = "UTC") -> tuple[str, str]:
    window = asked.resolved(LATEST, zone)
    return f"{instant(window.start):%m-%d %H:%M}", f"{instant(window.end):%m-%d %H:%M}"


def test_nothing_asked_for_is_the_seven_days_before_the_latest_poll() -> None:
    assert shown(AskedWindow()) == ("10-21 12:00", "10-28 12:00")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (AskedWindow(trailing="last_24h"), ("10-27 12:00", "10-28 12:00")),
        (AskedWindow(trailing="last_2w"), ("10-14 12:00", "10-28 12:00")),
        (AskedWindow(period="month", of="2026-10", zone="Europe/Rome"), ("09-30 22:00", "10-31 23:00")),
        (AskedWindow(period="week", of="2026-W43", zone="Europe/Rome"), ("10-18 22:00", "10-25 23:00")),
        (AskedWindow(period="week", of="2026-10-22", zone="Europe/Rome"), ("10-18 22:00", "10-25 23:00")),
        (AskedWindow(period="day", of="2026-10-25", zone="Europe/Rome"), ("10-24 22:00", "10-25 23:00")),
        (AskedWindow(period="day", of="2026-10-25"), ("10-25 00:00", "10-26 00:00")),
    ],
)
def test_each_way_names_its_span(asked: AskedWindow, expected: tuple[str, str]) -> None:
    assert shown(asked) == expected


def test_a_month_in_which_the_clocks_change_is_an_hour_longer() -> None:
    month = AskedWindow(period="month", of="2026-10", zone="Europe/Rome").resolved(None, "UTC")
    assert month.end - month.start == (31 * 24 + 1) * HOUR


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (AskedWindow(start=datetime(2026, 1, 1, tzinfo=UTC)), "to"),
        (AskedWindow(end=datetime(2026, 1, 1, tzinfo=UTC)), "from"),
        (AskedWindow(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)), "from"),
        (AskedWindow(datetime(2024, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)), "from"),
        (AskedWindow(datetime(1960, 1, 2, tzinfo=UTC), datetime(1960, 1, 3, tzinfo=UTC)), "from"),
        (AskedWindow(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), "last_7d"), "from"),
        (AskedWindow(trailing="last_week"), "window"),
        (AskedWindow(trailing="last_900d"), "window"),
        (AskedWindow(of="2026-10"), "period"),
        (AskedWindow(zone="UTC"), "period"),
        (AskedWindow(period="month"), "of"),
        (AskedWindow(period="month", of="2026-13"), "of"),
        (AskedWindow(period="day", of="0001-01-01"), "of"),
        (AskedWindow(period="day", of="2026-01-01", zone="Mars/Base"), "zone"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_name_of_its_field(asked: AskedWindow, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        asked.resolved(LATEST, "UTC")
    assert isinstance(refused.value, Invalid)
    assert refused.value.facts["field"] == field


def test_nothing_can_be_counted_back_from_where_nothing_was_seen() -> None:
    with pytest.raises(NotFound):
        AskedWindow(trailing="last_24h").resolved(None, "UTC")


def test_days_are_local_and_cut_to_the_window() -> None:
    start, end = (microseconds(datetime(2026, 10, day, 12, tzinfo=UTC)) for day in (24, 26))
    days = days_of(Window("asked", start, end), ZoneInfo("Europe/Rome"))
    assert [(day.name, (day.end - day.start) // HOUR) for day in days] == [
        ("2026-10-24", 10),
        ("2026-10-25", 25),
        ("2026-10-26", 13),
    ]
