"""Timestamps as microseconds UTC.

Accepted, with spaces around: `2023-01-22 12:09:39.388884 UTC` and the like: a space or T between date and time,
seconds optional, 0 to 6 digits of fraction, then nothing, Z, UTC, GMT or an offset (+05:30, +0530, +05); the basic
form `20230122T120939Z`; seconds since 1970 as an integer or with up to 6 digits of fraction. Without a zone it is UTC.
"""

import re

import numpy as np
import numpy.typing as npt
import polars as pl

from opsroom.stores.files.rejects import Reason, Reasons
from opsroom.stores.files.usual_instants import NO_INSTANT, day_numbers, parse_usual

Int64s = npt.NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
YEAR_2000 = 946_684_800 * SECOND

BASIC = r"^([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})"
CALENDAR = (
    r"(?i)^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})[T ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})"
    r"(?::(?<second>[0-9]{2})(?:\.(?<fraction>[0-9]{1,6}))?)? ?"
    r"(?:Z|UTC|GMT|(?<sign>[+-])(?<offset_hour>[0-9]{2})(?::?(?<offset_minute>[0-9]{2}))?)?$"
)
EPOCH = r"^(?<seconds>[0-9]{1,11})(?:\.(?<fraction>[0-9]{1,6}))?$"


def parse_instants(column: pl.Series, clock: int) -> tuple[Int64s, Reasons]:
    """Instants and why a row has none; clock: now, in microseconds UTC, from which a day ahead is too far."""
    if isinstance(column.dtype, pl.Datetime):
        instants = column.dt.cast_time_unit("us").to_physical().fill_null(NO_INSTANT).to_numpy()
        reasons = np.where(instants == NO_INSTANT, np.uint8(Reason.INSTANT_MISSING), np.uint8(0))
    else:
        instants, reasons = _parse_texts(column.cast(pl.String))
    if len(instants) and (instants.min() < YEAR_2000 or instants.max() > clock + DAY):
        good = reasons == 0
        reasons = reasons.copy()
        reasons[good & (instants < YEAR_2000)] = Reason.INSTANT_EARLY
        reasons[good & (instants > clock + DAY)] = Reason.INSTANT_AHEAD
    return instants, reasons


def _parse_texts(texts: pl.Series) -> tuple[Int64s, Reasons]:
    instants = parse_usual(texts)
    reasons = np.zeros(len(texts), dtype=np.uint8)
    unusual = np.flatnonzero(instants == NO_INSTANT)
    if len(unusual):
        rest = texts.gather(unusual).str.strip_chars()
        instants[unusual] = _parse_unusual(rest)
        missing = (rest.is_null() | (rest == "")).to_numpy()
        found = instants[unusual] != NO_INSTANT
        reasons[unusual] = np.where(missing, Reason.INSTANT_MISSING, np.where(found, 0, Reason.INSTANT_MALFORMED))
    return instants, reasons


def _parse_unusual(texts: pl.Series) -> Int64s:
    """Every accepted form, by regular expressions."""
    texts = texts.str.replace(BASIC, "${1}-${2}-${3}T${4}:${5}:${6}")
    calendar = _groups(texts, CALENDAR)
    epoch = _groups(texts, EPOCH)
    days = day_numbers(calendar["year"], calendar["month"], calendar["day"])
    hour, minute, second = (np.maximum(calendar[name], 0) for name in ("hour", "minute", "second"))
    away = np.maximum(calendar["offset_hour"], 0) * 3600 + np.maximum(calendar["offset_minute"], 0) * 60
    offset = np.where(calendar["sign"] < 0, -away, away)
    valid = (
        (days != NO_INSTANT)
        & (hour <= 23)
        & (minute <= 59)
        & (second <= 59)
        & (calendar["offset_hour"] <= 23)
        & (calendar["offset_minute"] <= 59)
    )
    of_day = (hour * 3600 + minute * 60 + second - offset) * SECOND + calendar["fraction"]
    return np.where(
        valid,
        np.where(valid, days, 0) * DAY + of_day,
        np.where(epoch["seconds"] >= 0, epoch["seconds"] * SECOND + epoch["fraction"], NO_INSTANT),
    )


def _groups(texts: pl.Series, pattern: str) -> dict[str, Int64s]:
    """The named groups as numbers, -1 where there is none; fraction in microseconds; sign 1 or -1."""
    found = pl.select(pl.lit(texts).str.extract_groups(pattern).alias("found"))["found"].struct.unnest()
    named = {name: found[name] for name in re.findall(r"\(\?<(\w+)>", pattern)}
    fraction = named.pop("fraction").fill_null("").str.pad_end(6, "0")
    signs = named.pop("sign", None)
    numbers = {name: column.cast(pl.Int64).fill_null(-1).to_numpy() for name, column in named.items()}
    numbers["fraction"] = fraction.cast(pl.Int64).to_numpy()
    if signs is not None:
        numbers["sign"] = np.where((signs == "-").fill_null(value=False).to_numpy(), -1, 1)
    return numbers
