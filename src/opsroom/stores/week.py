"""A site's week as a page shows it: one bar for each local day, cut from the engine's timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.storage.blobs import Blobs
from opsroom.stores.asked_window import AskedWindow, instant
from opsroom.stores.options import options_from
from opsroom.stores.queries import StoreCourse, course_of_store, find_store
from opsroom.stores.snapshot import latest_of_store
from opsroom.stores.uptime import known_zone

ONE_DAY = timedelta(days=1)
SHOWN_DAYS = 7
USUAL_HOURS = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of one state; start and end as fractions of its day."""

    start: float
    end: float
    state: str
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """hours: 23, 24 or 25, or what a zone's change makes of it

    ticks: (fraction of the day, hour of the clock), of a day on which the clock does not run evenly
    """

    date: date
    hours: float
    pieces: list[Piece]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Week:
    course: StoreCourse
    zone: ZoneInfo
    days: list[Day]


async def week_of_store(
    connection: AsyncConnection, blobs: Blobs, settings: Mapping[str, Any], store_id: str, last: date | None
) -> Week | None:
    """The seven local days up to and including `last`, by default that of the latest poll; None without any poll."""
    site, _, named = await find_store(connection, store_id)
    latest = await latest_of_store(connection, blobs, site)
    if latest is None:
        return None
    zone = (known_zone(named) if named else None) or ZoneInfo(options_from(settings).default_zone)
    newest = instant(latest)
    last = min(last or date.max, newest.astimezone(zone).date())
    start = midnight(last - (SHOWN_DAYS - 1) * ONE_DAY, zone)
    end = min(midnight(last + ONE_DAY, zone), newest)
    course = await course_of_store(connection, blobs, settings, store_id, AskedWindow(start, end))
    return Week(course, zone, [_day(course, last - age * ONE_DAY, zone) for age in range(SHOWN_DAYS)])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a local day; where the clocks skip it, by the offset before the gap."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _day(course: StoreCourse, day: date, zone: ZoneInfo) -> Day:
    start, end = midnight(day, zone), midnight(day + ONE_DAY, zone)
    length = end - start
    pieces = [
        Piece((began - start) / length, (ended - start) / length, segment.state, began, ended)
        for segment in course.as_timeline().segments
        if segment.state != "closed" and (began := max(segment.start, start)) < (ended := min(segment.end, end))
    ]
    hours = length / timedelta(hours=1)
    return Day(day, hours, pieces, [] if hours == USUAL_HOURS else _ticks(day, zone, start, length))


def _ticks(day: date, zone: ZoneInfo, start: datetime, length: timedelta) -> list[tuple[float, str]]:
    shown = [datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in range(0, USUAL_HOURS, 3)]
    return [((at - start) / length, at.astimezone(zone).strftime("%H")) for at in shown]
