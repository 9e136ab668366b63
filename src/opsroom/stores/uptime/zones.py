"""Local wall time to UTC for any IANA zone, exactly as PEP 495 with fold=0 reads it (RFC 5545 says the same).

An ambiguous local time is its first occurrence; a local time that does not exist takes the offset before the gap.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from opsroom.stores.uptime.evidence import DAY, SECOND

Int64s = npt.NDArray[np.int64]

PROBE_SECONDS = 24 * 3600
"""Offsets are probed on this grid; no zone of the IANA database changes twice within three days (tested)."""

NOT_ZONES = ("posix/", "right/")  # copies of the database, the second counts leap seconds
FILES_BESIDE_ZONES = frozenset({"posixrules", "localtime", "leapseconds"})


def known_zone(name: str | None) -> ZoneInfo | None:
    """The zone of this exact, case-sensitive IANA key, or None."""
    if not name or name.startswith(NOT_ZONES) or name in FILES_BESIDE_ZONES:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; folders and long names OSError
        return None


def utc_from_local(zone: ZoneInfo, local: Int64s) -> Int64s:
    """Microseconds UTC of local wall times, given as microseconds from 1970-01-01 00:00 local.

    With b and a the offsets before and after a change at the instant u, PEP 495 (fold=0) uses a from the wall time
    u + max(b, a) on: after the gap when clocks go forward, after the second pass when they go back.
    """
    if len(local) == 0:
        return local
    instants, offsets = offset_changes(zone, int(local.min()) - 2 * DAY, int(local.max()) + 2 * DAY)
    wall = instants + np.maximum(offsets[:-1], offsets[1:])
    return local - offsets[np.searchsorted(wall, local, side="right")]


def offset_changes(zone: ZoneInfo, start: int, end: int) -> tuple[Int64s, Int64s]:
    """Instants in [start, end) at which the zone's offset changes, and the offsets between them (one more)."""
    grid = range(start // SECOND, -(-end // SECOND) + PROBE_SECONDS, PROBE_SECONDS)
    probed = [_offset(zone, second) for second in grid]
    changes = [index for index in range(1, len(probed)) if probed[index] != probed[index - 1]]
    instants = [_first_second_after(zone, grid[index - 1], grid[index]) for index in changes]
    offsets = [probed[0], *(probed[index] for index in changes)]
    return np.array(instants, dtype=np.int64) * SECOND, np.array(offsets, dtype=np.int64) * SECOND


def _first_second_after(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second in (low, high] with the offset of high, when it changes once between them."""
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, second: int) -> int:
    local = datetime.fromtimestamp(second, UTC).astimezone(zone)
    offset = local.utcoffset()
    return 0 if offset is None else offset.days * 86_400 + offset.seconds
