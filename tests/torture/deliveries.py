"""The files that are handed in: each day every group of stores delivers its polls, some of them their hours too.

Everything follows from the seed. Groups share no store, so that the order in which a day's deliveries are
imported does not matter; each repeats the end of its day before, as real exports do.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl

FIRST_DAY = datetime(2023, 1, 1)  # noqa: DTZ001  polars writes it as UTC below
STORES = 20  # of a group
POLLS = 96  # of a store a day: one each quarter of an hour
REPEATED = 50  # rows
ZONES = ("America/New_York", "America/Chicago", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe")


@dataclass(frozen=True, slots=True)
class Delivery:
    """files: content by kind. new: what no delivery before had (store, instant in microseconds UTC, up)."""

    day: int
    group: int
    files: dict[str, bytes]
    new: pl.DataFrame

    @property
    def sha256(self) -> str:
        """Of the status file, by which the import is known again."""
        return hashlib.sha256(self.files["status"]).hexdigest()

    @property
    def latest(self) -> int:
        return int(self.new["instant"].to_numpy().max())


@lru_cache(64)  # a day's are asked for several times
def delivery(seed: int, day: int, group: int, *, polls: int = POLLS) -> Delivery:
    new = _polls(seed, day, group, polls)
    repeated = _polls(seed, day - 1, group, polls).tail(REPEATED) if day else new.clear()
    files = {"status": _status_file(pl.concat([repeated, new]))}
    names = new["store"].unique(maintain_order=True).to_list()
    if day == 0 or group == day % 3:
        files["hours"] = _hours_file(names, day)
    if day == 0:
        files["zones"] = _zones_file(names)
    return Delivery(day, group, files, new)


def _polls(seed: int, day: int, group: int, polls: int) -> pl.DataFrame:
    rng = np.random.default_rng([seed, day, group])
    begin = int((FIRST_DAY + timedelta(days=day) - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001  both are UTC
    step = 86_400 // polls
    seconds = begin + np.arange(polls) * step + rng.integers(0, step, size=(STORES, polls))
    names = np.repeat([f"g{group}-{number:03}" for number in range(STORES)], polls)
    frame = {"store": names, "instant": seconds.ravel() * 1_000_000, "up": rng.random(STORES * polls) < 0.8}
    return pl.DataFrame(frame)


def _status_file(polls: pl.DataFrame) -> bytes:
    when = pl.from_epoch("instant", time_unit="us").dt.strftime("%Y-%m-%d %H:%M:%S UTC")
    status = pl.when("up").then(pl.lit("active")).otherwise(pl.lit("inactive"))
    table = polls.select(store_id="store", status=status, timestamp_utc=when)
    return table.write_csv().encode()


def _hours_file(names: list[str], day: int) -> bytes:
    """Opened an hour later on each day of the week, and again with each delivery."""
    lines = [
        f"{name},{weekday},{(5 + weekday + day) % 12:02}:30:00,{(5 + weekday + day) % 12 + 9:02}:00:00"
        for name in names
        for weekday in range(6)
    ]
    return "\n".join(["store_id,day,start_time_local,end_time_local", *lines, ""]).encode()


def _zones_file(names: list[str]) -> bytes:
    lines = [f"{name},{ZONES[place % len(ZONES)]}" for place, name in enumerate(names)]
    return "\n".join(["store_id,timezone_str", *lines, ""]).encode()
