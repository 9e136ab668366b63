"""Writing the demonstration files: the same bytes every time."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

STORES = 320
DAYS = 14
NEWEST = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)
HOUR = 3600.0
OUTAGE = (5.4, 5.9)  # days before the newest poll between which the collector polled nobody

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "Africa/Nairobi",
    "Europe/London",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
SHIFTS = (
    [("09:00:00", "21:00:00")],
    [("10:00:00", "22:30:00")],
    [("06:30:00", "14:00:00"), ("16:00:00", "23:00:00")],
    [("17:00:00", "02:00:00")],
    [("11:00:00", "23:59:59")],
    [("08:00:00", "18:00:00"), ("17:00:00", "20:00:00")],
)
BAD_POLLS = (
    "demo-001,2026-10-28 12:00:00.1234567 UTC,active",
    "demo-002,yesterday,active",
    "demo-003,2026-10-28 12:00:00 UTC,maybe",
    "8.1E+18,2026-10-28 12:00:00 UTC,active",
    "demo-004,9999-12-31 00:00:00 UTC,inactive",
    ",2026-10-28 12:00:00 UTC,active",
)


def write_demo_files(folder: Path) -> None:
    """`demo_status.csv`, `demo_hours.csv` and `demo_zones.csv`."""
    random = np.random.default_rng(20261101)
    names = [f"demo-{number:03}" for number in range(1, STORES + 1)]
    _write(folder / "demo_zones.csv", "store_id,timezone_str", _zone_rows(names, random))
    _write(folder / "demo_hours.csv", "store_id,day_of_week,start_time_local,end_time_local", _hour_rows(names, random))
    polls = _polls(names, random)
    _write(folder / "demo_status.csv", "store_id,timestamp_utc,status", [*_poll_rows(polls), *BAD_POLLS])


def _zone_rows(names: list[str], random: np.random.Generator) -> list[str]:
    rows = [f"{name},{zone}" for name, zone in zip(names, random.choice(ZONES, STORES), strict=True)]
    rows[7] = f"{names[7]},Mars/Base"  # a zone that does not exist: the default is taken, and counted
    return rows[:-12]  # some stores name none


def _hour_rows(names: list[str], random: np.random.Generator) -> list[str]:
    rows = []
    for name, kind in zip(names, random.integers(0, len(SHIFTS) + 1, STORES), strict=True):
        if kind == len(SHIFTS):
            continue  # open around the clock
        closed = int(random.integers(0, 10))  # on this weekday, if it is one
        rows += [f"{name},{day},{start},{end}" for day in range(7) if day != closed for start, end in SHIFTS[int(kind)]]
    return rows


def _polls(names: list[str], random: np.random.Generator) -> pl.DataFrame:
    """Hourly with jitter; up but for a few spells of downtime, of minutes to days."""
    frames = []
    for name in names:
        age = np.arange(DAYS * 24) * HOUR + random.uniform(0, 600, DAYS * 24)  # seconds before the newest poll
        age = age[random.random(len(age)) > 0.04]
        days = age / (24 * HOUR)
        age = age[(days < OUTAGE[0]) | (days > OUTAGE[1])]
        down = np.zeros(len(age), dtype=bool)
        for _ in range(int(random.poisson(2.5))):
            since = random.uniform(0, DAYS * 24 * HOUR)
            down |= (age < since) & (age > since - random.exponential(5 * HOUR))
        frames.append(pl.DataFrame({"store": [name] * len(age), "age": age, "down": down}))
    newest = round(NEWEST.timestamp() * 1e6)
    return pl.concat(frames).with_columns(
        (newest - (pl.col("age") * 1e6).cast(pl.Int64)).cast(pl.Datetime("us")).alias("at")
    )


def _poll_rows(polls: pl.DataFrame) -> list[str]:
    """In the order of status, as such exports come: not of time."""
    return [
        f"{store},{at.isoformat(sep=' ')} UTC,{'inactive' if down else 'active'}"
        for store, at, down in polls.sort("down", maintain_order=True).select("store", "at", "down").iter_rows()
    ]


def _write(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
