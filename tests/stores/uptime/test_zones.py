"""Local time to UTC for every zone there is, against zoneinfo asked one time at a time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsroom.stores.uptime import DAY, HOUR, calendar_window, known_zone, utc_from_local
from opsroom.stores.uptime.zones import offset_changes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = sorted(available_timezones())


def one_by_one(zone: ZoneInfo, local: int) -> int:
    wall = datetime(1970, 1, 1) + timedelta(microseconds=local)  # noqa: DTZ001 local on purpose
    return (wall.replace(tzinfo=zone, fold=0).astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(ZONES), st.integers(946_684_800, 4_102_444_800), st.lists(st.integers(-86_400, 86_400 * 30)))
def test_any_local_time_of_any_zone_is_converted_as_zoneinfo_does(zone: str, near: int, offsets: list[int]) -> None:
    info = ZoneInfo(zone)
    local = np.array([(near + offset) * 1_000_000 for offset in offsets], dtype=np.int64)
    assert utc_from_local(info, local).tolist() == [one_by_one(info, value) for value in local.tolist()]


@pytest.mark.parametrize("year", [1980, 2007, 2011, 2024])
def test_every_minute_around_every_change_of_a_year_is_converted_as_zoneinfo_does(year: int) -> None:
    start = (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    for zone in ("America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin", "Africa/Casablanca"):
        info = ZoneInfo(zone)
        for change in offset_changes(info, start, start + 366 * DAY)[0].tolist():
            offset = info.utcoffset((EPOCH + timedelta(microseconds=change)).astimezone(info).replace(tzinfo=None))
            assert offset is not None
            middle = change + offset // timedelta(microseconds=1)
            local = np.arange(middle - 3 * HOUR, middle + 3 * HOUR, HOUR // 60)
            assert utc_from_local(info, local).tolist() == [one_by_one(info, value) for value in local.tolist()]


@pytest.mark.slow
def test_no_zone_changes_its_offset_twice_within_three_days_so_that_a_daily_probe_sees_every_change() -> None:
    seconds = range(int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2030, 1, 1).timestamp()), 43_200)  # noqa: DTZ001
    moments = [datetime.fromtimestamp(second, UTC) for second in seconds]
    for zone in ZONES:
        offsets = np.array([moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments])
        changes = np.flatnonzero(offsets[1:] != offsets[:-1])
        assert not len(changes) or np.diff(changes, prepend=-100).min() * 12 > 72, zone


@pytest.mark.parametrize(
    "name",
    [None, "", "america/chicago", "Nowhere", "../etc/passwd", "/etc/localtime", "America", "posix/UTC", "right/UTC",
     "posixrules", "localtime", "America/Chicago ", "a" * 5000, "UTC\x00"],
)  # fmt: skip
def test_what_is_no_exact_iana_key_is_no_zone(name: str | None) -> None:
    assert known_zone(name) is None


@pytest.mark.parametrize("name", ["America/Chicago", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "EST5EDT"])
def test_iana_keys_are_zones(name: str) -> None:
    assert str(known_zone(name)) == name


def test_calendar_windows_run_from_local_midnight_to_local_midnight() -> None:
    zone = ZoneInfo("Europe/Berlin")
    day = calendar_window("day", date(2024, 3, 31), zone)
    week = calendar_window("week", date(2024, 3, 31), zone)
    month = calendar_window("month", date(2024, 2, 29), zone)
    december = calendar_window("month", date(2023, 12, 31), zone)
    assert (day.end - day.start) // HOUR == 23
    assert (week.end - week.start) // HOUR == 167
    assert week.end == day.end
    assert (month.end - month.start) // HOUR == 29 * 24
    assert (december.end - december.start) // HOUR == 31 * 24
    assert EPOCH + timedelta(microseconds=day.start) == datetime(2024, 3, 30, 23, tzinfo=UTC)
