"""Recurrence rules, against a reference that looks at every single day of the calendar."""

import calendar
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.core.recurrence import WrongRecurrenceError, checked_rule, occurrences

START = datetime(2026, 11, 24, 2)  # a Tuesday
DAY = timedelta(days=1)
NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def shown(rule: str | None, start: datetime, earliest: datetime, latest: datetime) -> list[str]:
    return [f"{at:%m-%d %H:%M}" for at in occurrences(rule, start, earliest, latest)]


def test_a_window_without_a_rule_is_there_once() -> None:
    assert shown(None, START, START, START) == ["11-24 02:00"]
    assert shown(None, START, START + DAY, START + 9 * DAY) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=TU,TH", ["11-24 02:00", "11-26 02:00", "12-01 02:00", "12-03 02:00"]),
        ("FREQ=DAILY;INTERVAL=4;COUNT=3", ["11-24 02:00", "11-28 02:00", "12-02 02:00"]),
        ("FREQ=MONTHLY;BYDAY=4TU", ["11-24 02:00"]),
        ("FREQ=MONTHLY;BYDAY=-1TU", ["11-24 02:00"]),
        ("FREQ=DAILY;UNTIL=20261126", ["11-24 02:00", "11-25 02:00", "11-26 02:00"]),
        ("FREQ=DAILY;UNTIL=20261126T015959", ["11-24 02:00", "11-25 02:00"]),
        ("rrule:freq=yearly", ["11-24 02:00"]),
    ],
)
def test_known_rules_have_these_occurrences_in_ten_days(rule: str, expected: list[str]) -> None:
    checked = checked_rule(rule, START)
    assert shown(checked, START, START, START + 10 * DAY) == expected


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=HOURLY", "FREQ must be one of"),
        ("BYDAY=TU", "FREQ must be one of"),
        ("FREQ=DAILY;BYHOUR=3", "no part of a rule"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude each other"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be a whole number"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL must be a whole number"),
        ("FREQ=DAILY;FREQ=DAILY", "given twice"),
        ("FREQ=WEEKLY;BYDAY=2TU", "no day of the week here"),
        ("FREQ=MONTHLY;BYDAY=0TU", "no day of the week here"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY takes numbers"),
        ("FREQ=DAILY;UNTIL=20261201T000000Z", "must be local"),
        ("FREQ=DAILY;UNTIL=20200101", "before the start"),
        ("FREQ=WEEKLY;BYDAY=WE", "no occurrence of the rule"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no occurrence of the rule"),
        ("FREQ=DAILY\nDTSTART:20200101", "no part of a rule|FREQ must be"),
        ("", "no part of a rule"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_reason(rule: str, reason: str) -> None:
    with pytest.raises(WrongRecurrenceError, match=reason):
        checked_rule(rule, START)


@given(
    start_day=st.integers(0, 3000),
    interval=st.integers(1, 5),
    days=st.sets(st.integers(0, 6), min_size=1),
    from_day=st.integers(-10, 4000),
    length=st.integers(0, 60),
)
def test_weekly_rules_agree_with_looking_at_every_day(
    start_day: int, interval: int, days: set[int], from_day: int, length: int
) -> None:
    start = datetime(2015, 1, 1, 3, 30) + start_day * DAY
    days |= {start.weekday()}
    rule = checked_rule(f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(NAMES[day] for day in days)}", start)
    earliest = datetime(2015, 1, 1) + from_day * DAY
    latest = earliest + length * DAY
    monday = start.date() - start.weekday() * DAY
    expected = []
    for number in range(length + 1):
        at = datetime.combine((earliest + number * DAY).date(), start.time())
        weeks = (at.date() - monday).days // 7
        if at >= start and earliest <= at <= latest and at.weekday() in days and weeks % interval == 0:
            expected.append(at)
    assert list(occurrences(rule, start, earliest, latest)) == expected


@given(start_day=st.integers(0, 3000), interval=st.integers(1, 9), from_day=st.integers(0, 4000))
def test_daily_rules_agree_with_counting_days(start_day: int, interval: int, from_day: int) -> None:
    start = datetime(2015, 1, 1, 23, 15) + start_day * DAY
    earliest = datetime(2015, 1, 1) + from_day * DAY
    rule = checked_rule(f"FREQ=DAILY;INTERVAL={interval}", start)
    days = (earliest + number * DAY for number in range(40))
    walls = (datetime.combine(day.date(), start.time()) for day in days)
    expected = [at for at in walls if at >= start and (at - start).days % interval == 0]
    assert list(occurrences(rule, start, earliest, earliest + 40 * DAY)) == expected


@given(start_day=st.integers(0, 3000), interval=st.integers(1, 4))
def test_monthly_rules_skip_months_that_have_no_such_day(start_day: int, interval: int) -> None:
    start = datetime(2015, 1, 1, 1) + start_day * DAY
    expected = []
    for months in range(0, 30, interval):
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        if start.day <= calendar.monthrange(year, month + 1)[1]:
            expected.append(start.replace(year=year, month=month + 1))
    rule = checked_rule(f"FREQ=MONTHLY;INTERVAL={interval}", start)
    assert list(occurrences(rule, start, start, expected[-1])) == expected
