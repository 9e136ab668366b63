"""Timestamps: every accepted form, and what is not one."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsroom.stores.files import Reason, parse_instants
from opsroom.stores.files.usual_instants import NO_INSTANT, parse_usual

CLOCK = 1_700_000_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_FORMS = ["2023-01-22 12:09:39.388884 UTC", "2023-01-22T12:09:39Z", "1674389379", "2023-01-22 12:09:39"]


def parsed(text: str | None, first: str = FIRST_FORMS[0]) -> datetime | Reason:
    """The text parsed behind a first row that sets the form of the fast path."""
    instants, reasons = parse_instants(pl.Series([first, text]), CLOCK)
    if reasons[1]:
        return next(reason for reason in Reason if reason == reasons[1])
    return EPOCH + timedelta(microseconds=int(instants[1]))


@pytest.mark.parametrize("first", FIRST_FORMS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-01-22 12:09:39.388884 UTC", datetime(2023, 1, 22, 12, 9, 39, 388_884, UTC)),
        ("2023-01-22 12:09:39.38888 UTC", datetime(2023, 1, 22, 12, 9, 39, 388_880, UTC)),
        ("2023-01-22 12:09:39.5 UTC", datetime(2023, 1, 22, 12, 9, 39, 500_000, UTC)),
        ("2023-01-22 12:09:39 UTC", datetime(2023, 1, 22, 12, 9, 39, 0, UTC)),
        ("2023-01-22 12:09:39", datetime(2023, 1, 22, 12, 9, 39, 0, UTC)),
        ("2023-01-22 12:09", datetime(2023, 1, 22, 12, 9, 0, 0, UTC)),
        ("2023-01-22T12:09:39.25Z", datetime(2023, 1, 22, 12, 9, 39, 250_000, UTC)),
        ("2023-01-22t12:09:39z", datetime(2023, 1, 22, 12, 9, 39, 0, UTC)),
        ("20230122T120939Z", datetime(2023, 1, 22, 12, 9, 39, 0, UTC)),
        ("2023-01-22 12:09:39+05:30", datetime(2023, 1, 22, 6, 39, 39, 0, UTC)),
        ("2023-01-22 12:09:39 -0800", datetime(2023, 1, 22, 20, 9, 39, 0, UTC)),
        ("2023-01-22 12:09:39-08", datetime(2023, 1, 22, 20, 9, 39, 0, UTC)),
        ("  2023-01-22 12:09:39 UTC  ", datetime(2023, 1, 22, 12, 9, 39, 0, UTC)),
        ("1674389379", datetime(2023, 1, 22, 12, 9, 39, 0, UTC)),
        ("1674389379.25", datetime(2023, 1, 22, 12, 9, 39, 250_000, UTC)),
        ("2020-02-29 00:00:00 UTC", datetime(2020, 2, 29, tzinfo=UTC)),
        ("2000-01-01 00:00:00 UTC", datetime(2000, 1, 1, tzinfo=UTC)),
    ],
)
def test_these_are_times(text: str, expected: datetime, first: str) -> None:
    assert parsed(text, first) == expected


@pytest.mark.parametrize("first", FIRST_FORMS)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.INSTANT_MISSING),
        ("   ", Reason.INSTANT_MISSING),
        ("2023-01-22 12:09:39.3888841 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:39. UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:39.38x884 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:39.388884 PST", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:39.388884 UTCUTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22", Reason.INSTANT_MALFORMED),
        ("2023-1-22 12:09:39.38888 UTC", Reason.INSTANT_MALFORMED),
        ("2023-02-29 00:00:00 UTC", Reason.INSTANT_MALFORMED),
        ("2023-13-01 00:00:00 UTC", Reason.INSTANT_MALFORMED),
        ("2023-00-10 00:00:00 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-00 00:00:00 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 24:00:00 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:60:00 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:60 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:+9 UTC", Reason.INSTANT_MALFORMED),
        ("2023-01-22 12:09:3\u0663 UTC", Reason.INSTANT_MALFORMED),
        ("2023/01/22 12:09:39 UTC", Reason.INSTANT_MALFORMED),
        ("timestamp_utc", Reason.INSTANT_MALFORMED),
        ("-5", Reason.INSTANT_MALFORMED),
        ("1.67E+09", Reason.INSTANT_MALFORMED),
        ("1674389379388", Reason.INSTANT_MALFORMED),
        ("0", Reason.INSTANT_EARLY),
        ("1999-12-31 23:59:59.999999 UTC", Reason.INSTANT_EARLY),
        ("9999-12-31 23:59:59 UTC", Reason.INSTANT_AHEAD),
        ("2023-11-15 22:13:20.000001 UTC", Reason.INSTANT_AHEAD),
    ],
)
def test_these_are_rejected_with_the_reason(text: str | None, reason: Reason, first: str) -> None:
    assert parsed(text, first) is reason


def test_exactly_a_day_ahead_of_the_clock_is_still_taken() -> None:
    assert parsed("2023-11-15 22:13:20 UTC") == datetime(2023, 11, 15, 22, 13, 20, tzinfo=UTC)


def test_typed_columns_of_parquet_files_are_taken_as_they_are() -> None:
    moment = datetime(2023, 1, 22, 12, 9, 39, 388_884, UTC)
    for column in (
        pl.Series([moment, None], dtype=pl.Datetime("us", "UTC")),
        pl.Series([moment.replace(tzinfo=None), None], dtype=pl.Datetime("ns")),
    ):
        instants, reasons = parse_instants(column, CLOCK)
        assert EPOCH + timedelta(microseconds=int(instants[0])) == moment
        assert reasons.tolist() == [0, Reason.INSTANT_MISSING]


moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 bounds are naive
suffixes = st.sampled_from([" UTC", "Z", "", "+00:00"])


def written(moment: datetime, digits: int, separator: str, suffix: str) -> str:
    fraction = f".{moment.microsecond:06d}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%d}{separator}{moment:%H:%M:%S}{fraction}{suffix}"


@settings(deadline=None)
@given(st.lists(st.tuples(moments, st.integers(0, 6)), min_size=1), st.sampled_from(" T"), suffixes)
def test_the_fast_path_reads_what_was_written(rows: list[tuple[datetime, int]], separator: str, suffix: str) -> None:
    texts = pl.Series([written(moment, digits, separator, suffix) for moment, digits in rows])
    kept = [
        moment.replace(microsecond=moment.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits))
        for moment, digits in rows
    ]
    assert parse_usual(texts).tolist() == [(moment - EPOCH) // timedelta(microseconds=1) for moment in kept]


@settings(deadline=None, max_examples=300)
@given(moments, st.integers(0, 6), st.integers(0, 29), st.characters(max_codepoint=0x2FF))
def test_one_changed_character_is_read_alike_by_the_fast_and_the_slow_path(
    moment: datetime, digits: int, place: int, character: str
) -> None:
    text = written(moment, digits, " ", " UTC")
    text = text[:place] + character + text[place + 1 :]
    usual = parse_usual(pl.Series(["2023-01-22 12:09:39 UTC", text]))[1]
    slow, reasons = parse_instants(pl.Series(["1674389379", text]), 1 << 62)
    assert usual == NO_INSTANT or (reasons[1] in {0, Reason.INSTANT_EARLY} and usual == slow[1])
