"""The uptime engine: frames and windows in, exact accounts of open time out; no database, no clock, no settings.

Frames (other columns are ignored; rows in any order; `store` is text or an integer, the same kind in all frames):

    observations  store, instant (int64, microseconds UTC), status (integer: 1 up, 0 down)
    hours         store, day (0 = Monday), start, end (microseconds of local wall time since midnight, 0 to 24 h)
    zones         store, zone (IANA key; blank, null or unknown takes the default)
    excluded      store, start, end (int64, microseconds UTC): spans taken out of open time

A row of hours is [start, end) on its local weekday: an end before the start lies on the next day, an equal end is 24
wall hours later, an end of 23:59:59 means 24:00. A store with rows is closed on other days, one without is always open.
"""

from opsroom.stores.uptime.evidence import CLASSIC, DAY, HOUR, SECOND, STRICT, EvidenceProfile, strict
from opsroom.stores.uptime.fleet import Quality
from opsroom.stores.uptime.report import DEFAULT_ZONE, Uptime, uptime, with_ratios
from opsroom.stores.uptime.timeline import incidents, reliability, timeline
from opsroom.stores.uptime.windows import Window, calendar_window, trailing_windows
from opsroom.stores.uptime.zones import known_zone, utc_from_local

__all__ = [
    "CLASSIC",
    "DAY",
    "DEFAULT_ZONE",
    "HOUR",
    "SECOND",
    "STRICT",
    "EvidenceProfile",
    "Quality",
    "Uptime",
    "Window",
    "calendar_window",
    "incidents",
    "known_zone",
    "reliability",
    "strict",
    "timeline",
    "trailing_windows",
    "uptime",
    "utc_from_local",
    "with_ratios",
]
