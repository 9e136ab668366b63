"""Rows that were not taken, and why."""

from enum import IntEnum
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

RAW_CHARACTERS = 2_000
"""So much of a rejected row's text is kept."""

SCHEMA = {"line": pl.Int64, "reason": pl.String, "raw": pl.String}

Reasons = npt.NDArray[np.uint8]


class Reason(IntEnum):
    """Why a row was rejected; 0 is an accepted row. The lowest number wins where several apply."""

    sentence: str

    def __new__(cls, number: int, sentence: str) -> Self:
        member = int.__new__(cls, number)
        member._value_ = number
        member.sentence = sentence
        return member

    OVERLONG = 1, "line longer than 1 MiB"
    NOT_UTF8 = 2, "not valid UTF-8 text"
    QUOTES = 3, "quotation marks do not match"
    TOO_MANY_FIELDS = 4, "more fields than the header"
    STORE_BLANK = 5, "store id is missing"
    STORE_MANGLED = 6, "store id was turned into a rounded number by a spreadsheet (like 8.1E+18)"
    STORE_LONG = 7, "store id is longer than 255 characters"
    INSTANT_MISSING = 8, "timestamp is missing"
    INSTANT_MALFORMED = 9, "timestamp is malformed"
    INSTANT_EARLY = 10, "timestamp is before the year 2000"
    INSTANT_AHEAD = 11, "timestamp is more than a day ahead of the clock"
    STATUS_MISSING = 12, "status is missing"
    STATUS_UNKNOWN = 13, "status is neither active nor inactive"
    DAY_MALFORMED = 14, "day of week is not a number from 0 (Monday) to 6"
    START_MALFORMED = 15, "start time is not a time from 00:00 to 23:59:59"
    END_MALFORMED = 16, "end time is not a time from 00:00 to 24:00"


def worst(*columns: Reasons) -> Reasons:
    """For each row the first reason that is not zero."""
    result = columns[0]
    for column in columns[1:]:
        if column.any():
            result = np.where(result == 0, column, result)
    return result


def rejected_rows(lines: npt.NDArray[np.int64], reasons: Reasons, raw: list[str]) -> pl.DataFrame:
    sentences = {int(reason): reason.sentence for reason in Reason}
    return pl.DataFrame(
        {"line": lines, "reason": [sentences[number] for number in reasons.tolist()], "raw": raw}, schema=SCHEMA
    )
