"""Local clock times as microseconds since midnight: H:MM, HH:MM, HH:MM:SS, with up to 6 digits of fraction."""

import re
from datetime import time

import numpy as np
import numpy.typing as npt
import polars as pl

CLOCK_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?", re.ASCII)
END_OF_DAY = 86_400_000_000
NO_TIME = -1


def parse_clock_times(column: pl.Series, *, ends: bool) -> npt.NDArray[np.int64]:
    """Microseconds, or NO_TIME; ends: 24:00 is a time too. Each spelling is parsed once."""
    if column.dtype == pl.Time:
        return (column.to_physical() // 1_000).fill_null(NO_TIME).to_numpy()
    texts = column.cast(pl.String).fill_null("")
    spellings = texts.unique()
    parsed = pl.Series([_parse(text, ends=ends) for text in spellings], dtype=pl.Int64)
    result: npt.NDArray[np.int64] = texts.replace_strict(spellings, parsed, return_dtype=pl.Int64).to_numpy()
    return result


def _parse(text: str, *, ends: bool) -> int:
    found = CLOCK_TIME.fullmatch(text.strip())
    if found is None:
        return NO_TIME
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    fraction = int((found[4] or "").ljust(6, "0"))
    if ends and (hour, minute, second, fraction) == (24, 0, 0, 0):
        return END_OF_DAY
    try:
        time(hour, minute, second)
    except ValueError:
        return NO_TIME
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
