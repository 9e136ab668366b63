"""The fast path for timestamps written `2023-01-22 12:09:39.388884 UTC`, thirty-two bytes at a time.

A text is padded to four 64-bit words. Exclusive or with the written form turns every digit into its value and every
fixed character into 0; adding 118 to a digit's byte, or 127 to a fixed one, sets its top bit exactly when it is no
digit, or not the fixed character. Where the fraction is shorter the suffix begins earlier, so the form depends on the
length alone, and the digits that are not there are already 0.
"""

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

Int64s = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

NO_INSTANT = np.iinfo(np.int64).min

FORM = re.compile(r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(?:\.\d{1,6})?( UTC|Z|\+00:00|)")
WIDTH = 32
ROWS_AT_ONCE = 1 << 15
"""Arrays of so many words stay in the second-level cache."""

HIGH_BITS = np.uint64(0x8080808080808080)
LOW_BYTE, BYTE = np.uint64(0xFF), np.uint64(8)
MONTH = np.uint64(0xFF << 40)
BEYOND_MONTH = np.uint64((127 - 12) << 40)
DAY_HOUR_MINUTE = np.uint64(0xFF << 48 | 0xFF << 24 | 0xFF)
BEYOND_DAY_HOUR_MINUTE = np.uint64((127 - 59) << 48 | (127 - 23) << 24 | (127 - 31))
SECONDS = np.uint64(0xFF << 8)
BEYOND_SECONDS = np.uint64((127 - 59) << 8)

CENTURY = np.uint64(20)
"""Only the years 2000 to 2099 take the fast path: their dates fit into one small table."""
YEAR_SHIFT, MONTH_SHIFT = np.uint64(9), np.uint64(5)
LAST_DATE = np.uint64((99 << 9) + (99 << 5) + 99)
DAY = 86_400_000_000


def parse_usual(texts: pl.Series) -> Int64s:
    """Instants in microseconds UTC of the texts in the form of the first one; NO_INSTANT elsewhere."""
    result = np.full(len(texts), NO_INSTANT)
    first = texts.drop_nulls().head(1)
    form = FORM.fullmatch(first[0]) if len(first) else None
    if form is None:
        return result
    padded = texts.str.pad_end(WIDTH).cast(pl.Binary).bin.reinterpret(dtype=pl.Array(pl.UInt64, 4))
    lengths = texts.str.len_bytes()
    if not padded.null_count():
        _parse_words(padded.to_numpy(), lengths.to_numpy(), form[1], form[2], result)
        return result
    rows = padded.is_not_null().arg_true()
    part = np.full(len(rows), NO_INSTANT)
    _parse_words(padded.gather(rows).to_numpy(), lengths.gather(rows).to_numpy(), form[1], form[2], part)
    result[rows.to_numpy()] = part
    return result


def day_numbers(year: Int64s, month: Int64s, day: Int64s) -> Int64s:
    """Days from 1970-01-01, or NO_INSTANT where there is no such date."""
    starts, lengths = _months()
    place = np.clip(year * 100 + month, 0, len(starts) - 1)
    exists = (year >= 0) & (month >= 0) & (day >= 1) & (day <= lengths[place])
    return np.where(exists, starts[place] + day - 1, NO_INSTANT)


def _parse_words(words: Words, lengths: npt.NDArray[np.uint32], separator: str, suffix: str, result: Int64s) -> None:
    forms, limits = _forms(separator, suffix)
    longest = len("2023-01-22 12:09:39.388884") + len(suffix)
    for begin in range(0, len(words), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        length = np.minimum(lengths[part], WIDTH).astype(np.int64)
        wrong = np.zeros(len(length), dtype=np.uint64)
        pairs = []
        for place in range(4):
            # The first sixteen characters are the same for every length.
            form, limit = (table[place][length if place > 1 else longest] for table in (forms, limits))
            value = words[part, place] ^ form
            wrong |= value
            wrong |= value + limit
            pairs.append(value * np.uint64(10) + (value >> BYTE))  # two digits as a number in the first one's byte
        _put_together(pairs, wrong, result[part])


def _put_together(pairs: list[Words], wrong: Words, result: Int64s) -> None:
    century_year_month, day_hour_minute, second_fraction, last_fraction = pairs
    times = day_hour_minute & DAY_HOUR_MINUTE
    wrong |= times + BEYOND_DAY_HOUR_MINUTE
    wrong |= (century_year_month & MONTH) + BEYOND_MONTH
    wrong |= (second_fraction & SECONDS) + BEYOND_SECONDS
    wrong &= HIGH_BITS
    wrong |= _byte(century_year_month, 0) ^ CENTURY
    date = _byte(century_year_month, 2) << YEAR_SHIFT
    date += _byte(century_year_month, 5) << MONTH_SHIFT
    date += times & LOW_BYTE
    np.minimum(date, LAST_DATE, out=date)  # a text that is no timestamp can come out as any number
    day = _days_of_century()[date.view(np.int64)]
    seconds = (times >> np.uint64(24) & LOW_BYTE) * np.uint64(60) + (times >> np.uint64(48))
    seconds = seconds * np.uint64(60) + _byte(second_fraction, 1)
    micros = seconds * np.uint64(1_000_000) + _byte(second_fraction, 4) * np.uint64(10_000)
    micros += _byte(second_fraction, 6) * np.uint64(100)
    micros += _byte(last_fraction, 0)
    instants = day * DAY + micros.view(np.int64)
    result[:] = np.where((wrong == 0) & (day >= 0), instants, NO_INSTANT)


def _byte(words: Words, place: int) -> Words:
    return words >> np.uint64(8 * place) & LOW_BYTE


@cache
def _forms(separator: str, suffix: str) -> tuple[list[Words], list[Words]]:
    """For each of the four words and each length of text: the written form, and what is added to find mistakes.

    A length that no form has gets the form of characters that are not ASCII, which no padded text fits.
    """
    forms = np.full((WIDTH + 1, WIDTH), 0x80, dtype=np.uint8)
    limits = np.full((WIDTH + 1, WIDTH), 127, dtype=np.uint8)
    for digits in range(7):
        text = f"0000-00-00{separator}00:00:00" + (f".{'0' * digits}" if digits else "")
        written = (text + suffix).ljust(WIDTH).encode()
        length = len(text + suffix)
        forms[length] = np.frombuffer(written, dtype=np.uint8)
        limits[length, : len(text)][[character == "0" for character in text]] = 118
    return _by_word(forms), _by_word(limits)


def _by_word(table: npt.NDArray[np.uint8]) -> list[Words]:
    words = table.view("<u8")
    return [np.ascontiguousarray(words[:, place]) for place in range(4)]


@cache
def _months() -> tuple[Int64s, Int64s]:
    """First day (from 1970-01-01) and length of the month year * 100 + month; length 0 where there is none."""
    months = np.arange("0000-01", "10000-02", dtype="datetime64[M]")
    first_days = months.astype("datetime64[D]").astype(np.int64)
    number = np.arange(len(months) - 1)
    place = number // 12 * 100 + number % 12 + 1
    starts = np.zeros(1_000_000, dtype=np.int64)
    lengths = np.zeros(1_000_000, dtype=np.int64)
    starts[place] = first_days[:-1]
    lengths[place] = np.diff(first_days)
    return starts, lengths


@cache
def _days_of_century() -> Int64s:
    """Days from 1970-01-01 of the date year % 100 << 9 + month << 5 + day; -1 where there is none."""
    days = np.arange("2000-01-01", "2100-01-01", dtype="datetime64[D]")
    months = days.astype("datetime64[M]")
    number = months.astype(np.int64) - 30 * 12
    day = (days - months).astype(np.int64) + 1
    table = np.full(int(LAST_DATE) + 1, -1, dtype=np.int64)
    table[(number // 12 << 9) + (number % 12 + 1 << 5) + day] = days.astype(np.int64)
    return table
