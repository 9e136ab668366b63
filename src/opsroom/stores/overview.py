"""The fleet at a glance: its account, the worst stores, and the same day by day."""

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from opsroom.core.errors import Invalid
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import AskedWindow, days_of
from opsroom.stores.fleet import FleetAccount, account, by_window, snapshot_of
from opsroom.stores.options import StoresOptions
from opsroom.stores.selection import Selection
from opsroom.stores.snapshot import Snapshot
from opsroom.stores.uptime import Window, known_zone

MOST_DAYS = 100


@dataclass(frozen=True, slots=True)
class Overview:
    """days: window (the local date), open, up, down, unknown, coverage, availability; None if not asked for"""

    found: FleetAccount
    days: pl.DataFrame | None

    def worst(self, count: int) -> list[str]:
        """The stores that were down, least available first; of equals the one that was down for longer."""
        down = self.found.stores.filter(pl.col("down") > 0)
        ordered = down.sort("availability", "down", "store_id", descending=[False, True, False])
        return ordered["store_id"].head(count).to_list()


async def fleet_overview(
    history: History, options: StoresOptions, asked: AskedWindow, selection: Selection, *, by_day: bool
) -> Overview:
    """
    Raises:
        Invalid: the window or a tag is not understood, or has more than 100 days and is asked for by day.
        NotFound: nothing is selected, or there is no observation from which to count back.
    """
    window, snapshot = await snapshot_of(history, options, asked, selection)
    zone = known_zone(asked.zone) or ZoneInfo(options.default_zone)
    days = days_of(window, zone) if by_day else []
    if len(days) > MOST_DAYS:
        raise Invalid(f"A window by days has at most {MOST_DAYS} of them; this has {len(days)}.", field="by")
    return await asyncio.to_thread(_overview, snapshot, window, days, options)


def _overview(snapshot: Snapshot, window: Window, days: list[Window], options: StoresOptions) -> Overview:
    found = account(snapshot, window, options.strict, options.default_zone)
    return Overview(found, by_window(snapshot, days, options.strict, options.default_zone) if days else None)
