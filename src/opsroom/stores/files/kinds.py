"""The three kinds of files, and how a table of texts of each becomes typed rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from opsroom.stores.files.clock_times import NO_TIME, parse_clock_times
from opsroom.stores.files.columns import STORE
from opsroom.stores.files.instants import parse_instants
from opsroom.stores.files.rejects import Reason, Reasons, worst
from opsroom.stores.files.store_ids import StoreIds


@dataclass(frozen=True, slots=True)
class Reading:
    """What parsing depends on beside the text: the numbering of ids, and the clock in microseconds UTC."""

    ids: StoreIds
    clock: int


Parsed = tuple[pl.DataFrame, Reasons]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the fields it must have, and their parser (all rows, and why a row is rejected)."""

    name: str
    fields: tuple[str, ...]
    parse: Callable[[pl.DataFrame, Reading], Parsed]
    schema: dict[str, type[pl.DataType]]


def _observations(texts: pl.DataFrame, reading: Reading) -> Parsed:
    store, store_reasons = reading.ids.number(texts[STORE].cast(pl.String))
    instant, instant_reasons = parse_instants(texts["timestamp_utc"], reading.clock)
    status, status_reasons = _statuses(texts["status"].cast(pl.String))
    frame = pl.DataFrame({"store": store, "instant": instant, "status": status})
    return frame, worst(store_reasons, instant_reasons, status_reasons)


def _statuses(texts: pl.Series) -> tuple[pl.Series, Reasons]:
    up = texts == "active"
    down = texts == "inactive"
    if not texts.null_count() and (up | down).all():
        return up.cast(pl.Int8), np.zeros(len(texts), dtype=np.uint8)
    plain = texts.str.strip_chars().str.to_lowercase().fill_null("")
    up, down, missing = plain == "active", plain == "inactive", plain == ""
    reasons = np.where(missing.to_numpy(), Reason.STATUS_MISSING, Reason.STATUS_UNKNOWN)
    return up.cast(pl.Int8), np.where((up | down).to_numpy(), 0, reasons).astype(np.uint8)


def _hours(texts: pl.DataFrame, reading: Reading) -> Parsed:
    store, store_reasons = reading.ids.number(texts[STORE].cast(pl.String))
    day = texts["day_of_week"].cast(pl.String).str.strip_chars().cast(pl.Int64, strict=False).fill_null(-1)
    start = parse_clock_times(texts["start_time_local"], ends=False)
    end = parse_clock_times(texts["end_time_local"], ends=True)
    frame = pl.DataFrame({"store": store, "day": day.clip(-1, 7).cast(pl.Int8), "start": start, "end": end})
    return frame, worst(
        store_reasons,
        _where(~day.is_between(0, 6).to_numpy(), Reason.DAY_MALFORMED),
        _where(start == NO_TIME, Reason.START_MALFORMED),
        _where(end == NO_TIME, Reason.END_MALFORMED),
    )


def _zones(texts: pl.DataFrame, reading: Reading) -> Parsed:
    store, reasons = reading.ids.number(texts[STORE].cast(pl.String))
    return pl.DataFrame({"store": store, "zone": texts["timezone_str"].cast(pl.String).str.strip_chars()}), reasons


def _where(wrong: np.typing.NDArray[np.bool_], reason: Reason) -> Reasons:
    return wrong.astype(np.uint8) * np.uint8(reason)


OBSERVATIONS = Kind(
    "status",
    (STORE, "timestamp_utc", "status"),
    _observations,
    {"store": pl.UInt32, "instant": pl.Int64, "status": pl.Int8},
)
HOURS = Kind(
    "hours",
    (STORE, "day_of_week", "start_time_local", "end_time_local"),
    _hours,
    {"store": pl.UInt32, "day": pl.Int8, "start": pl.Int64, "end": pl.Int64},
)
ZONES = Kind("zones", (STORE, "timezone_str"), _zones, {"store": pl.UInt32, "zone": pl.String})
