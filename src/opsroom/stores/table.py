"""The report's columns: minutes for the hour, hours for the others, two decimals, one row a store."""

import polars as pl

from opsroom.stores.uptime import HOUR

UNITS = {"hour": HOUR // 60, "day": HOUR, "week": HOUR}
WORDS = {"up": "uptime", "down": "downtime", "unknown": "unknown"}


def one_per_store(frame: pl.DataFrame) -> pl.Series:
    """The key of each store of the engine's result over the windows hour, day and week, in its order."""
    return frame["store"].gather_every(len(UNITS))


def seven_columns(frame: pl.DataFrame, names: pl.Series, *, unknown: bool = False) -> pl.DataFrame:
    """From the engine's exact microseconds to hundredths of the unit, half rounded up; ordered by store id as text.

    frame: the engine's result over the windows hour, day and week, three rows a store
    names: the external id of each store of the frame, in the order of `one_per_store`
    unknown: add the three unknown_* columns
    """
    columns = [names.alias("store_id")]
    for measure, word in WORDS.items():
        if measure == "unknown" and not unknown:
            continue
        exact = frame[measure].to_numpy().reshape(-1, len(UNITS))
        for place, (window, unit) in enumerate(UNITS.items()):
            hundredths = (exact[:, place] * 100 + unit // 2) // unit
            columns.append(pl.Series(f"{word}_last_{window}", hundredths / 100, dtype=pl.Float64))
    return pl.DataFrame(columns).sort("store_id")
