"""A made-up chain of sites with the shape of a real one, for the uptime benchmarks.

Same parameters, same bytes. The shape follows what is known of a real export (1,822,080 polls of 14,092 sites):
hourly polls with jitter, collector outages in which no site is polled, rows sorted by status, fractions without
their trailing zeros, 19-digit ids, up to four shifts a day, nights written as two rows, ends of 23:59:59 and
23:59:00, sites without hours, without a zone, or without either.

    python benchmarks/generate_stores.py FOLDER --stores 14092 --polls 1822080 --seed 1
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

LAST_POLL = int(datetime(2023, 1, 25, 18, 13, 22, 479220, tzinfo=UTC).timestamp() * 1_000_000)
HOUR = 3_600_000_000
OUTAGES = ((20.0, 29.5), (51.0, 55.0), (90.0, 118.0))  # hours before the last poll
ACTIVE_SHARE = 0.7588
ZONES = {
    "America/New_York": 8191,
    "America/Los_Angeles": 3224,
    "America/Chicago": 1517,
    "America/Phoenix": 418,
    "America/Denver": 127,
    "America/Boise": 62,
    "America/Indiana/Indianapolis": 15,
    "America/Edmonton": 2,
    "Pacific/Honolulu": 1,
    "Asia/Beirut": 1,
}
SHIFTS = (
    (("00:00:00", "23:59:59"),),
    (("00:00:00", "23:59:00"),),
    (("17:00:00", "23:59:59"), ("00:00:00", "00:29:00")),
    (("11:00:00", "23:59:00"), ("00:00:00", "02:00:00")),
    (("09:00:00", "22:00:00"),),
    (("10:30:00", "21:00:00"),),
    (("11:00:00", "14:30:00"), ("17:00:00", "22:30:00")),
    (("07:00:00", "10:00:00"), ("11:30:00", "14:00:00"), ("17:00:00", "21:00:00"), ("22:00:00", "01:30:00")),
)
SHIFT_SHARES = (0.17, 0.09, 0.05, 0.06, 0.28, 0.27, 0.06, 0.02)


@dataclass(frozen=True)
class Chain:
    stores: int = 14_092
    polls: int = 1_822_080
    seed: int = 1


def generate(folder: Path, chain: Chain) -> None:
    """Write store_status.csv, menu_hours.csv and timezones.csv into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(chain.seed)
    ids = _ids(random, chain.stores)
    _polls(random, ids, chain.polls).write_csv(folder / "store_status.csv")
    _hours(random, ids[: round(chain.stores * 0.7888)]).write_csv(folder / "menu_hours.csv")
    without_zone = max(1, round(chain.stores * 0.0018))
    _zones(random, ids[without_zone : round(chain.stores * 0.9639)]).write_csv(folder / "timezones.csv")


def _ids(random: np.random.Generator, count: int) -> pl.Series:
    numbers = np.unique(random.integers(10**16, 9 * 10**18, size=count + count // 100 + 10))
    random.shuffle(numbers)
    return pl.Series("store_id", numbers[:count]).cast(pl.String)


def _polls(random: np.random.Generator, ids: pl.Series, polls: int) -> pl.DataFrame:
    weights = random.gamma(9.0, size=len(ids))
    weights[: len(ids) // 50] *= random.random(len(ids) // 50)
    counts = np.maximum(1, (weights / weights.sum() * polls).astype(np.int64))
    counts[: max(0, polls - counts.sum())] += 1
    store = np.repeat(np.arange(len(ids)), counts)[:polls]
    position = np.arange(len(store)) - np.repeat(np.cumsum(counts) - counts, counts)[: len(store)]
    hours = (
        position
        + np.cumsum([0.0, *(end - begin for begin, end in OUTAGES)])[
            np.searchsorted([begin for begin, _ in OUTAGES], position)
        ]
    )
    instant = LAST_POLL - (hours * HOUR).astype(np.int64) - random.integers(0, HOUR * 9 // 10, len(store))
    instant[0] = LAST_POLL
    active = random.random(len(store)) < ACTIVE_SHARE
    order = np.lexsort((random.random(len(store)), ~active))
    text = pl.Series(instant[order]).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
    return pl.DataFrame(
        {
            "store_id": ids.gather(store[order]),
            "status": pl.Series(active[order]).replace_strict({True: "active", False: "inactive"}),
            "timestamp_utc": text.str.strip_chars_end("0").str.strip_chars_end(".") + " UTC",
        }
    )


def _hours(random: np.random.Generator, ids: pl.Series) -> pl.DataFrame:
    patterns = random.choice(len(SHIFTS), size=len(ids), p=SHIFT_SHARES)
    rows = [
        (store, day, start, end)
        for store, pattern in zip(ids, patterns, strict=True)
        for day in range(7)
        if random.random() > 0.02  # closed that day
        for start, end in SHIFTS[pattern]
    ]
    columns = ["store_id", "day", "start_time_local", "end_time_local"]
    return pl.DataFrame(rows, schema=columns, orient="row").sample(
        fraction=1.0, shuffle=True, seed=int(random.integers(2**32))
    )


def _zones(random: np.random.Generator, ids: pl.Series) -> pl.DataFrame:
    shares = np.array(list(ZONES.values())) / sum(ZONES.values())
    return pl.DataFrame({"store_id": ids, "timezone_str": random.choice(list(ZONES), size=len(ids), p=shares)})


def main() -> None:
    arguments = argparse.ArgumentParser(description="Write the three files of a made-up chain.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--stores", type=int, default=Chain.stores)
    arguments.add_argument("--polls", type=int, default=Chain.polls)
    arguments.add_argument("--seed", type=int, default=Chain.seed)
    given = arguments.parse_args()
    generate(given.folder, Chain(given.stores, given.polls, given.seed))


if __name__ == "__main__":
    main()
