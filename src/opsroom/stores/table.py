"""The report's columns: minutes for the hour, hours for the others, two decimals, one row a store."""

from collections.abc import Sequence

import polars as pl

from opsroom.stores.uptime import HOUR

MINUTE = HOUR // 60
UNITS = {"hour": MINUTE, "day": HOUR, "week": HOUR}
WORDS = {"up": "uptime", "down": "downtime", "unknown": "unknown"}


def seven_columns(frame: pl.DataFrame, names: pl.Series, measures: Sequence[str] = ("up", "down")) -> pl.DataFrame:
    """From the engine's exact microseconds to hundredths of the unit, half rounded up; ordered by store id as text.

    frame: the engine's result over the windows hour, day and week, three rows a store
    names: the external id of each store of the frame, in its order
    """
    windows = list(UNITS)
    columns = [names.alias("store_id")]
    for measure in measures:
        exact = frame[measure].to_numpy().reshape(-1, len(windows))
        for place, window in enumerate(windows):
            hundredths = (exact[:, place] * 100 + UNITS[window] // 2) // UNITS[window]
            columns.append(pl.Series(f"{WORDS[measure]}_last_{window}", hundredths / 100, dtype=pl.Float64))
    return pl.DataFrame(columns).sort("store_id")
