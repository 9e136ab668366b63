"""How the past is cut: by calendar month (UTC), and by blocks of stores, so that one piece fits into memory and is
moved in one short transaction however many stores there are.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from opsroom.stores.asked_window import instant, microseconds

SITES_PER_BLOCK = 4096  # hourly polls of a month: three million at most
LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Partition:
    """month: its first day"""

    month: date
    block: int

    @property
    def start(self) -> int:
        return microseconds(_midnight(self.month))

    @property
    def end(self) -> int:
        return microseconds(_midnight(self.month + LONGEST_MONTH).replace(day=1))

    @property
    def first_site(self) -> int:
        return self.block * SITES_PER_BLOCK

    @property
    def end_site(self) -> int:
        return self.first_site + SITES_PER_BLOCK

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}, stores {self.first_site} to {self.end_site - 1}"


def partition_at(observed_at: int, block: int) -> Partition:
    return Partition(instant(observed_at).date().replace(day=1), block)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
