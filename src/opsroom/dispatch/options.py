"""What the dispatch app takes from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class DispatchOptions:
    """interval, loading: seconds between decisions, and from a decision to the departure of what it sends
    iterations: the solver's budget for a decision; what is bounded by iterations can be made again
    learns: policies that are learned anew without being asked
    """

    zone: ZoneInfo
    interval: int
    loading: int
    policy: str
    iterations: int
    automatic: bool
    learns: tuple[str, ...]
    osrm_url: str | None

    def utc_offset(self, at: datetime) -> int:
        """Seconds that local time is ahead of UTC."""
        offset = at.astimezone(self.zone).utcoffset()
        return round(offset.total_seconds()) if offset else 0


def options_from(settings: Mapping[str, Any]) -> DispatchOptions:
    return DispatchOptions(
        zone=ZoneInfo(settings["dispatch_zone"]),
        interval=round(settings["dispatch_interval_minutes"] * 60),
        loading=round(settings["dispatch_loading_minutes"] * 60),
        policy=settings["dispatch_policy"],
        iterations=settings["dispatch_iterations"],
        automatic=settings["dispatch_automatic"],
        learns=tuple(filter(None, settings["dispatch_learns"].split(","))),
        osrm_url=settings["osrm_url"],
    )
