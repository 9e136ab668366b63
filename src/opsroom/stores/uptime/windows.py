"""The spans of time a report is about: half-open, in microseconds UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from opsroom.stores.uptime.evidence import DAY, HOUR
from opsroom.stores.uptime.zones import utc_from_local

type_of_period = Literal["day", "week", "month"]
EPOCH = date(1970, 1, 1)
EARLIEST = -(719_162 - 400) * DAY  # a year and a day inside what datetime can hold
LATEST = (2_932_896 - 400) * DAY


@dataclass(frozen=True, slots=True)
class Window:
    """The elapsed time [start, end), microseconds UTC, under a name that is unique in its report."""

    name: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not EARLIEST <= self.start <= self.end <= LATEST:
            raise ValueError(f"window {self.name}: start and end must be ordered instants of the years 2 to 9998")


def trailing_windows(now: int) -> tuple[Window, Window, Window]:
    """The hour, day and week before now: elapsed time, so a week is 168 hours whatever the clocks did."""
    return (
        Window("hour", now - HOUR, now),
        Window("day", now - DAY, now),
        Window("week", now - 7 * DAY, now),
    )


def calendar_window(period: type_of_period, containing: date, zone: ZoneInfo) -> Window:
    """The local day, ISO week or month that contains a date, from local midnight to local midnight."""
    first, after = _bounds(period, containing)
    start, end = utc_from_local(zone, np.array([_local(first), _local(after)], dtype=np.int64))
    return Window(f"{period} of {first.isoformat()}", int(start), int(end))


def span(windows: Sequence[Window]) -> tuple[int, int]:
    """The smallest span that holds every window."""
    return min(window.start for window in windows), max(window.end for window in windows)


def _bounds(period: type_of_period, containing: date) -> tuple[date, date]:
    if period == "day":
        return containing, containing + timedelta(days=1)
    if period == "week":
        monday = containing - timedelta(days=containing.weekday())
        return monday, monday + timedelta(days=7)
    first = containing.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _local(day: date) -> int:
    return (datetime(day.year, day.month, day.day) - datetime(1970, 1, 1)).days * DAY  # noqa: DTZ001 local on purpose
