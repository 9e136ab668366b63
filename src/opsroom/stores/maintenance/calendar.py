"""A month of maintenance on a sheet of weeks, as wall clocks show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from opsroom.core.recurrence import occurrences
from opsroom.stores.maintenance.models import MaintenanceWindow

ONE_DAY = timedelta(days=1)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of an occurrence that lies on one day. starts, ends: None when it goes on over midnight"""

    window: MaintenanceWindow
    starts: time | None
    ends: time | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """weeks: of Monday to Sunday, days with their entries"""

    month: date
    weeks: list[list[tuple[date, list[Entry]]]]


def sheet_of(windows: Sequence[MaintenanceWindow], month: date) -> Sheet:
    first = month.replace(day=1)
    begin = first - first.weekday() * ONE_DAY
    last = (first + timedelta(days=31)).replace(day=1) - ONE_DAY
    end = last + (WEEK - last.weekday()) * ONE_DAY
    days = {begin + number * ONE_DAY: list[Entry]() for number in range((end - begin).days)}
    for window in windows:
        for starts, ends in _spans(window, begin, end):
            _enter(days, window, starts, ends)
    listed = list(days.items())
    return Sheet(first, [listed[place : place + WEEK] for place in range(0, len(listed), WEEK)])


def _spans(window: MaintenanceWindow, begin: date, end: date) -> list[tuple[datetime, datetime]]:
    length = window.end_local - window.start_local
    earliest, latest = datetime.combine(begin, time()) - length, datetime.combine(end, time())
    found = occurrences(window.recurrence, window.start_local, earliest, latest)
    return [(start, start + length) for start in found]


def _enter(days: dict[date, list[Entry]], window: MaintenanceWindow, starts: datetime, ends: datetime) -> None:
    day = starts.date()
    while datetime.combine(day, time()) < ends:
        if day in days:
            first, last = day == starts.date(), ends <= datetime.combine(day + ONE_DAY, time())
            days[day].append(Entry(window, starts.time() if first else None, ends.time() if last else None))
        day += ONE_DAY
