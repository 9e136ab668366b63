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
    for begin in range(0, len(words), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        length = np.minimum(lengths[part], WIDTH)
        values = [words[part, place] ^ forms[place][length] for place in range(4)]
        wrong = np.zeros(len(length), dtype=np.uint64)
        for place, value in enumerate(values):
            wrong |= value | (value + limits[place][length])
        wrong &= HIGH_BITS
        result[part] = np.where(wrong == 0, _instants(values), NO_INSTANT)


def _instants(values: list[Words]) -> Int64s:
    """Pairs of digits become numbers in the byte of the first digit; then they are put together."""
    pairs = [(value * np.uint64(10) + (value >> np.uint64(8))).view(np.uint8).reshape(-1, 8) for value in values]
    starts, lengths = _months()
    month = pairs[0][:, 0] * np.int64(10_000) + pairs[0][:, 2] * np.int64(100) + pairs[0][:, 5]
    np.minimum(month, len(starts) - 1, out=month)  # a text that is no timestamp can come out as any number
    day, hour, minute, second = pairs[1][:, 0], pairs[1][:, 3], pairs[1][:, 6], pairs[2][:, 1]
    impossible = (day > lengths[month]) | (day == 0) | (hour > 23) | (minute > 59) | (second > 59)
    seconds = (starts[month] + np.int64(-1) + day) * 24 + hour
    seconds = (seconds * 60 + minute) * 60 + second
    fraction = pairs[2][:, 4] * np.int64(10_000) + pairs[2][:, 6] * np.int64(100) + pairs[3][:, 0]
    instants: Int64s = seconds * 1_000_000 + fraction
    instants[impossible] = NO_INSTANT
    return instants


@cache
def _forms(separator: str, suffix: str) -> tuple[list[Words], list[Words]]:
    """For each of the four words and each length of text: the written form, and what is added to find mistakes.

    Lengths that no form has get a form that nothing fits.
    """
    forms = np.zeros((WIDTH + 1, WIDTH), dtype=np.uint8)
    limits = np.full((WIDTH + 1, WIDTH), 0xFF, dtype=np.uint8)
    for digits in range(7):
        text = f"0000-00-00{separator}00:00:00" + (f".{'0' * digits}" if digits else "")
        written = (text + suffix).ljust(WIDTH).encode()
        length = len(text + suffix)
        forms[length] = np.frombuffer(written, dtype=np.uint8)
        limits[length] = 127
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
