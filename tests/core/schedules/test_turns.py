"""When a schedule is due next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.core.schedules.turns import next_turn

START = datetime(2026, 1, 5, 7)  # noqa: DTZ001  a Monday, on a local clock


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        ("FREQ=DAILY", "2025-01-01T00:00:00+00:00", "2026-01-05T06:00:00+00:00"),
        ("FREQ=DAILY", "2026-01-05T06:00:00+00:00", "2026-01-06T06:00:00+00:00"),
        ("FREQ=DAILY", "2026-03-28T06:00:00+00:00", "2026-03-29T05:00:00+00:00"),  # summer begins: an hour earlier
        ("FREQ=WEEKLY;BYDAY=MO", "2026-01-05T05:59:59+00:00", "2026-01-05T06:00:00+00:00"),
        ("FREQ=MONTHLY;BYDAY=1MO", "2026-02-02T06:00:00+00:00", "2026-03-02T06:00:00+00:00"),
        ("FREQ=YEARLY;INTERVAL=5", "2026-01-05T06:00:00+00:00", "2031-01-05T06:00:00+00:00"),
    ],
)
def test_the_next_turn_is_on_the_local_clock(rule: str, after: str, expected: str) -> None:
    assert next_turn(START, rule, "Europe/Rome", at(after)) == at(expected)


def test_a_rule_that_has_ended_has_no_next_turn() -> None:
    assert next_turn(START, "FREQ=DAILY;COUNT=2", "UTC", at("2026-01-06T06:59:00+00:00")) == at(
        "2026-01-06T07:00+00:00"
    )
    assert next_turn(START, "FREQ=DAILY;COUNT=2", "UTC", at("2026-01-06T07:00:00+00:00")) is None
    assert next_turn(START, "FREQ=DAILY;UNTIL=20260107", "UTC", at("2027-01-01T00:00:00+00:00")) is None


@given(
    st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 31)),  # noqa: DTZ001  made aware below
    st.sampled_from(["Europe/Rome", "America/St_Johns", "Pacific/Apia", "UTC"]),
    st.times().map(lambda time: time.replace(microsecond=0)),
)
def test_a_daily_turn_is_the_first_of_all_days_that_comes_after(after: datetime, zone: str, hour: object) -> None:
    instant = after.replace(tzinfo=UTC)
    start = datetime.combine(datetime(2025, 11, 1), hour)  # type: ignore[arg-type]  # noqa: DTZ001  a time
    days = (
        (start + timedelta(days=number)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for number in range(430)
    )  # fmt: skip
    assert next_turn(start, "FREQ=DAILY", zone, instant) == next(day for day in days if day > instant)
