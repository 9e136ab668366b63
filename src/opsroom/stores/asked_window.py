"""The ways in which callers name a span of time; the same for API, command line, reports and pages.

from, to                              any span, half-open
window=last_7d                        hours, days or weeks before the latest poll: elapsed time
period=month, of=2026-10, zone=…      a local day, ISO week or month, from local midnight to local midnight
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from opsroom.core.errors import Invalid, NotFound
from opsroom.stores.uptime import DAY, HOUR, Window, calendar_window, known_zone

Period = Literal["day", "week", "month"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
UNITS = {"h": HOUR, "d": DAY, "w": 7 * DAY}
TRAILING = re.compile(r"last_(?P<count>[1-9]\d{0,3})(?P<unit>[hdw])")
LONGEST = 400 * DAY
NO_END = 1 << 62  # microseconds; after every instant
USUAL = "last_7d"


@dataclass(frozen=True, slots=True)
class AskedWindow:
    """At most one of the three ways; none of them means the seven days before the latest poll.

    as_of: polls after it are not looked at, and hours, days and weeks are counted back from it
    """

    start: datetime | None = None
    end: datetime | None = None
    trailing: str | None = None
    period: Period | None = None
    of: str | None = None
    zone: str | None = None
    as_of: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing says which time is meant."""
        return self.start is None and self.end is None and self.trailing is None and self.period is None

    @property
    def needs_latest(self) -> bool:
        return self.as_of is None and (self.is_open or self.trailing is not None)

    @property
    def seen_to(self) -> int:
        """The instant up to and including which observations are looked at."""
        return NO_END if self.as_of is None else microseconds(self.as_of)

    def resolved(self, latest: int | None, default_zone: str) -> Window:
        """
        Raises:
            Invalid: the span is named in two ways, in part, empty, too long, or by a word that means nothing.
            NotFound: it ends at the latest poll, and there is none.
        """
        ways = [self.start is not None or self.end is not None, self.trailing is not None, self.period is not None]
        if sum(ways) > 1:
            raise Invalid("Name the time in one way: `from` and `to`, or `window`, or `period` and `of`.", field="from")
        if self.period is None and (self.of is not None or self.zone is not None):
            raise Invalid("`of` and `zone` go with `period`.", field="period")
        if ways[0]:
            return self._given()
        return self._trailing(latest) if self.period is None else self._calendar(self.period, default_zone)

    def _given(self) -> Window:
        if self.start is None or self.end is None:
            raise Invalid("Give both `from` and `to`, or neither.", field="to" if self.start else "from")
        start, end = microseconds(self.start), microseconds(self.end)
        if not start < end <= start + LONGEST:
            raise Invalid("`from` must be before `to`, and at most 400 days before.", field="from")
        if self.start < EPOCH or self.end > LAST:
            field = "from" if self.start < EPOCH else "to"
            raise Invalid("`from` and `to` must lie between 1970 and 2200.", field=field)
        return Window("asked", start, end)

    def _trailing(self, latest: int | None) -> Window:
        now = latest if self.as_of is None else microseconds(self.as_of)
        name = self.trailing or USUAL
        match = TRAILING.fullmatch(name)
        length = int(match["count"]) * UNITS[match["unit"]] if match else 0
        if not 0 < length <= LONGEST:
            raise Invalid(f"`window` {name!r} is not understood; write last_24h, last_7d or last_4w.", field="window")
        if now is None:
            raise NotFound("There is no observation yet; give `from` and `to`.", code="no_observation")
        return Window(name, now - length, now)

    def _calendar(self, period: Period, default_zone: str) -> Window:
        zone = known_zone(self.zone or default_zone)
        if zone is None:
            raise Invalid(f"`zone` {self.zone} is no IANA time zone; expected one such as Europe/Rome.", field="zone")
        return calendar_window(period, _date_in(period, self.of or ""), zone)


def days_of(window: Window, zone: ZoneInfo) -> list[Window]:
    """The local days that make up a window, the first and the last cut to it; each named by its date."""
    first = instant(window.start).astimezone(zone).date()
    last = instant(window.end - 1).astimezone(zone).date()
    whole = ((first + timedelta(days=n)) for n in range((last - first).days + 1))
    days = ((day.isoformat(), calendar_window("day", day, zone)) for day in whole)
    cut = (Window(name, max(day.start, window.start), min(day.end, window.end)) for name, day in days)
    return [day for day in cut if day.start < day.end]


def instant(at: int) -> datetime:
    return EPOCH + at * MICROSECOND


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _date_in(period: Period, of: str) -> date:
    forms = {"day": ("%Y-%m-%d",), "week": ("%G-W%V-%u", "%Y-%m-%d"), "month": ("%Y-%m", "%Y-%m-%d")}
    for form in forms[period]:
        text = f"{of}-1" if form.startswith("%G") else of
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007  a calendar date
        except ValueError:
            continue
        if EPOCH.year < day.year < 2200:
            return day
    examples = {"day": "2026-10-25", "week": "2026-W43", "month": "2026-10"}
    raise Invalid(f"`of` must name the {period}, such as {examples[period]}; found {of!r}.", field="of")
