"""What a report must be, computed on bare files, apart from server and database."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from tests.torture.deliveries import Delivery

from opsroom.stores.bare_report import Request, as_csv, bare_report
from opsroom.stores.uptime import CLASSIC

REACH = 10  # days: a report looks at a week, and at the poll before it


class Reference:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._settled: list[Delivery] = []

    def settle(self, deliveries: Iterable[Delivery]) -> None:
        """These are imported for good."""
        self._settled.extend(deliveries)

    def possible(self, arriving: Sequence[Delivery], as_of: int) -> Iterator[bytes]:
        """The reports of that instant (microseconds UTC) that may be made while these are being imported.

        Each of them counts whole or not at all, and a report's instant is that of the latest poll.
        """
        for size in range(len(arriving), -1, -1):
            for chosen in combinations(arriving, size):
                there = [*self._settled, *chosen]
                if max(each.latest for each in there) == as_of:
                    yield self._report(there)

    def _report(self, deliveries: Sequence[Delivery]) -> bytes:
        last = max(delivery.day for delivery in deliveries)
        near = [delivery.files["status"] for delivery in deliveries if delivery.day > last - REACH]
        request = Request(
            status=self._write("status", near),
            hours=self._write("hours", _latest("hours", deliveries)),
            zones=self._write("zones", _latest("zones", deliveries)),
            clock=time.time_ns() // 1_000,
            profile=CLASSIC,
        )
        return as_csv(bare_report(request))

    def _write(self, kind: str, parts: Sequence[bytes]) -> Path:
        path = self._folder / f"reference_{kind}.csv"
        path.write_bytes(parts[0] + b"".join(part.partition(b"\n")[2] for part in parts[1:]))
        return path


def _latest(kind: str, deliveries: Sequence[Delivery]) -> list[bytes]:
    """Of each group the file it delivered last."""
    return list({each.group: each.files[kind] for each in deliveries if kind in each.files}.values())
