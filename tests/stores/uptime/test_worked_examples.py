"""Accounts worked by hand, one idea each; times of the examples are UTC unless a zone is said."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from opsroom.stores.uptime import (
    CLASSIC,
    HOUR,
    STRICT,
    EvidenceProfile,
    Uptime,
    Window,
    calendar_window,
    incidents,
    reliability,
    strict,
    timeline,
    trailing_windows,
    uptime,
    with_ratios,
)

MINUTE = HOUR // 60
SECOND = MINUTE // 60
NOW = datetime(2023, 1, 25, 18, tzinfo=UTC)  # a Wednesday
MONDAY, TUESDAY, WEDNESDAY, SUNDAY = 0, 1, 2, 6
ALL_DAYS = range(7)


def at(text: str, day: str = "2023-01-25") -> int:
    return micros(datetime.fromisoformat(f"{day} {text}").replace(tzinfo=UTC))


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def clock(text: str) -> int:
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return hours * HOUR + minutes * MINUTE + seconds * SECOND


def observations(*rows: tuple[str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"store": pl.String, "instant": pl.Int64, "status": pl.Int8}, orient="row")


def hours(*rows: tuple[str, int, str, str]) -> pl.DataFrame:
    literal = [(store, day, clock(start), clock(end)) for store, day, start, end in rows]
    schema = {"store": pl.String, "day": pl.Int8, "start": pl.Int64, "end": pl.Int64}
    return pl.DataFrame(literal, schema=schema, orient="row")


def zones(**of: str | None) -> pl.DataFrame:
    return pl.DataFrame(list(of.items()), schema={"store": pl.String, "zone": pl.String}, orient="row")


def span(start: str, end: str, day: str = "2023-01-25") -> Window:
    return Window("w", at(start, day), at(end, day))


def account(result: Uptime, store: str = "s") -> tuple[float, float, float]:
    """Up, down and unknown hours of the store in the only window."""
    row = result.frame.filter(pl.col("store") == store).row(0, named=True)
    return row["up"] / HOUR, row["down"] / HOUR, row["unknown"] / HOUR


UTC_ZONE = zones(s="UTC")


def test_a_state_holds_until_the_next_poll_and_at_most_two_hours() -> None:
    polls = observations(("s", at("06:00"), 1), ("s", at("07:00"), 0), ("s", at("12:00"), 1))
    # Up 04:00-07:00 (two hours back), down 07:00-09:00, unknown to 12:00, up 12:00-14:00.
    assert account(uptime(polls, hours(), UTC_ZONE, [span("00:00", "18:00")])) == (5.0, 2.0, 11.0)


def test_carry_and_reach_back_are_settings() -> None:
    polls = observations(("s", at("06:00"), 1))
    window = [span("00:00", "18:00")]
    profile = EvidenceProfile(carry=3 * HOUR, back=30 * MINUTE, inside_hours_only=True)
    assert account(uptime(polls, hours(), UTC_ZONE, window, profile)) == (3.5, 0.0, 14.5)
    assert account(uptime(polls, hours(), UTC_ZONE, window, strict(15 * MINUTE))) == (1.0, 0.0, 17.0)


def test_a_poll_before_opening_does_not_become_downtime_at_opening() -> None:
    polls = observations(("s", at("08:59"), 0), ("s", at("10:00"), 1))
    shift = hours(("s", WEDNESDAY, "09:00", "17:00"))
    assert account(uptime(polls, shift, UTC_ZONE, [span("00:00", "18:00")])) == (3.0, 0.0, 5.0)


def test_the_legacy_accounting_counts_that_poll_and_crosses_closed_time() -> None:
    polls = observations(("s", at("20:00", "2023-01-24"), 0), ("s", at("10:00"), 1))
    shift = hours(*(("s", day, "09:00", "17:00") for day in ALL_DAYS))
    window = [Window("w", at("00:00", "2023-01-24"), at("18:00"))]
    # Tuesday 09-17 is reached back to by the poll at 20:00; Wednesday is down 9-10, then up.
    assert account(uptime(polls, shift, UTC_ZONE, window, CLASSIC)) == (7.0, 9.0, 0.0)


def test_a_state_ends_at_closing_and_the_first_poll_reaches_back_to_opening_only() -> None:
    polls = observations(("s", at("10:00"), 1), ("s", at("16:30"), 0))
    shift = hours(("s", WEDNESDAY, "09:00", "17:00"))
    assert account(uptime(polls, shift, UTC_ZONE, [span("00:00", "23:00")])) == (3.0, 0.5, 4.5)


def test_the_end_of_an_interval_is_outside_it_and_the_start_inside() -> None:
    shift = hours(("s", WEDNESDAY, "09:00", "17:00"))
    window = [span("00:00", "23:00")]
    assert account(uptime(observations(("s", at("17:00"), 0)), shift, UTC_ZONE, window)) == (0.0, 0.0, 8.0)
    assert account(uptime(observations(("s", at("09:00"), 0)), shift, UTC_ZONE, window)) == (0.0, 2.0, 6.0)


def test_a_poll_at_now_is_outside_the_window_but_reaches_back_into_it() -> None:
    now = micros(NOW)
    result = uptime(observations(("s", now, 0)), hours(), UTC_ZONE, trailing_windows(now))
    assert result.frame["down"].to_list() == [HOUR, 2 * HOUR, 2 * HOUR]
    assert result.frame["open"].to_list() == [HOUR, 24 * HOUR, 168 * HOUR]


def test_a_store_without_rows_is_always_open_and_one_with_rows_is_closed_on_other_days() -> None:
    result = uptime(
        observations(), hours(("s", TUESDAY, "09:00", "17:00")), zones(s="UTC", t="UTC"), [span("00:00", "18:00")]
    )
    assert account(result, "s") == (0.0, 0.0, 0.0)
    assert account(result, "t") == (0.0, 0.0, 18.0)


def test_a_store_of_any_one_frame_appears_and_observed_only_leaves_the_silent_out() -> None:
    frames = (observations(("a", at("10:00"), 1)), hours(("b", 0, "09:00", "17:00")), zones(c="UTC"))
    excluded = pl.DataFrame({"store": ["d"], "start": [0], "end": [1]})
    everything = uptime(*frames, [span("00:00", "18:00")], excluded=excluded).frame
    assert everything["store"].to_list() == ["a", "b", "c", "d"]
    assert uptime(*frames, [span("00:00", "18:00")], observed_only=True).frame["store"].to_list() == ["a"]


def test_overlapping_shifts_count_once_and_split_shifts_both() -> None:
    shifts = hours(
        ("s", WEDNESDAY, "09:00", "12:00"), ("s", WEDNESDAY, "11:00", "13:00"), ("s", WEDNESDAY, "15:00", "17:00")
    )
    assert account(uptime(observations(), shifts, UTC_ZONE, [span("00:00", "23:00")])) == (0.0, 0.0, 6.0)


def test_touching_shifts_are_one_interval_that_evidence_crosses() -> None:
    shifts = hours(("s", WEDNESDAY, "09:00", "12:00"), ("s", WEDNESDAY, "12:00", "15:00"))
    polls = observations(("s", at("11:00"), 1), ("s", at("14:30"), 0))
    # The poll of 14:30 is not the first of the united interval, so 13:00-14:30 stays unknown.
    assert account(uptime(polls, shifts, UTC_ZONE, [span("00:00", "23:00")])) == (4.0, 0.5, 1.5)


def test_a_shift_across_midnight_belongs_to_the_day_it_begins_on() -> None:
    shift = hours(("s", TUESDAY, "22:00", "02:00"))
    assert account(uptime(observations(), shift, UTC_ZONE, [span("00:00", "23:00")])) == (0.0, 0.0, 2.0)
    assert account(uptime(observations(), shift, UTC_ZONE, [span("00:00", "23:00", "2023-01-26")])) == (0.0, 0.0, 0.0)


def test_yesterdays_shift_and_todays_overlap_is_counted_once() -> None:
    shifts = hours(("s", TUESDAY, "22:00", "04:00"), ("s", WEDNESDAY, "03:00", "05:00"))
    assert account(uptime(observations(), shifts, UTC_ZONE, [span("00:00", "12:00")])) == (0.0, 0.0, 5.0)


@pytest.mark.parametrize(
    ("end", "open_seconds"),
    [("23:59:59", 3600), ("23:59:00", 3540), ("23:59:58", 3598), ("24:00", 3600), ("23:00", 86_400)],
)
def test_only_the_end_235959_means_midnight(end: str, open_seconds: int) -> None:
    window = Window("w", at("00:00"), at("00:00", "2023-01-27"))
    result = uptime(observations(), hours(("s", WEDNESDAY, "23:00", end)), UTC_ZONE, [window])
    assert result.frame["open"].to_list() == [open_seconds * SECOND]


def test_days_written_to_235959_join_into_one_interval_and_to_235900_do_not() -> None:
    polls = observations(("s", at("23:30", "2023-01-24"), 0), ("s", at("05:00"), 1))
    joined = hours(*(("s", day, "00:00", "23:59:59") for day in ALL_DAYS))
    apart = hours(*(("s", day, "00:00", "23:59:00") for day in ALL_DAYS))
    window = [span("00:00", "06:00")]
    assert account(uptime(polls, joined, UTC_ZONE, window)) == (1.0, 1.5, 3.5)
    assert account(uptime(polls, apart, UTC_ZONE, window)) == (3.0, 0.0, 3.0)


def test_the_same_start_and_end_is_24_hours_on_the_wall_so_23_or_25_when_clocks_change() -> None:
    shift = hours(("s", SUNDAY, "00:00", "00:00"))
    new_york = zones(s="America/New_York")
    spring = [Window("w", at("00:00", "2023-03-11"), at("00:00", "2023-03-15"))]
    autumn = [Window("w", at("00:00", "2023-11-04"), at("00:00", "2023-11-08"))]
    assert account(uptime(observations(), shift, new_york, spring)) == (0.0, 0.0, 23.0)
    assert account(uptime(observations(), shift, new_york, autumn)) == (0.0, 0.0, 25.0)


@pytest.mark.parametrize(
    ("start", "end", "day", "expected"),
    [
        # 2023-03-12: 02:00 becomes 03:00 in New York. A time in the gap is read with the offset before it.
        ("01:00", "04:00", "2023-03-12", ("06:00", "08:00")),
        ("02:30", "05:00", "2023-03-12", ("07:30", "09:00")),
        ("01:30", "02:30", "2023-03-12", ("06:30", "07:30")),
        ("02:15", "02:45", "2023-03-12", ("07:15", "07:45")),
        ("02:30", "03:15", "2023-03-12", None),
        # 2023-11-05: 02:00 becomes 01:00. An ambiguous time is its first occurrence.
        ("00:30", "01:30", "2023-11-05", ("04:30", "05:30")),
        ("01:30", "02:00", "2023-11-05", ("05:30", "07:00")),
        ("01:00", "01:59", "2023-11-05", ("05:00", "05:59")),
    ],
)
def test_local_times_around_both_changes_of_the_clock(
    start: str, end: str, day: str, expected: tuple[str, str] | None
) -> None:
    window = Window("w", at("00:00", day), at("23:00", day))
    spans = timeline(observations(), hours(("s", SUNDAY, start, end)), zones(s="America/New_York"), window)
    opened = [row[1:3] for row in spans.rows() if row[3] == "unknown"]
    assert opened == ([] if expected is None else [(at(expected[0], day), at(expected[1], day))])


def test_a_week_is_168_hours_and_a_local_week_167_or_169() -> None:
    zone = ZoneInfo("America/New_York")
    always = (observations(), hours(), zones(s="America/New_York"))
    now = at("00:00", "2023-03-14")
    assert uptime(*always, trailing_windows(now)).frame["open"].to_list()[2] == 168 * HOUR
    spring = calendar_window("week", date(2023, 3, 12), zone)
    autumn = calendar_window("week", date(2023, 11, 5), zone)
    assert [uptime(*always, [window]).frame["open"][0] / HOUR for window in (spring, autumn)] == [167, 169]


def test_hours_on_a_day_that_a_zone_skipped_are_read_with_the_offset_before_it() -> None:
    # Samoa went from Thursday 2011-12-29 24:00 straight to Saturday 2011-12-31 00:00.
    skipped = hours(("s", 4, "09:00", "17:00"))
    window = Window("w", at("00:00", "2011-12-27"), at("00:00", "2012-01-03"))
    spans = timeline(observations(), skipped, zones(s="Pacific/Apia"), window)
    # Friday's 09:00-17:00 is read with the offset before the gap (-10): 19:00 to 03:00 UTC, Saturday's wall clock.
    assert [row[1:3] for row in spans.rows() if row[3] == "unknown"] == [
        (at("19:00", "2011-12-30"), at("03:00", "2011-12-31"))
    ]


def test_a_blank_or_unknown_zone_takes_the_default_and_is_counted() -> None:
    rows = [("a", 2, "09:00", "17:00"), ("b", 2, "09:00", "17:00"), ("c", 2, "09:00", "17:00")]
    given = zones(a="america/chicago", b="  ", c="America/Chicago")
    result = uptime(observations(), hours(*rows), given, [span("14:00", "16:00")])
    assert result.frame["open"].to_list() == [HOUR, HOUR, HOUR]
    assert result.quality.unknown_zones == ("america/chicago",)
    assert (result.quality.stores_in_unknown_zone, result.quality.stores_without_zone) == (1, 1)
    in_utc = uptime(observations(), hours(*rows), given, [span("14:00", "16:00")], default_zone="UTC")
    assert in_utc.frame["open"].to_list() == [2 * HOUR, 2 * HOUR, HOUR]


def test_of_several_zones_the_last_known_one_counts() -> None:
    given = pl.concat([zones(s="Asia/Tokyo"), zones(s="UTC"), zones(s="Nowhere/At_All"), zones(s=None)])
    result = uptime(observations(), hours(("s", 2, "09:00", "10:00")), given, [span("09:00", "10:00")])
    assert account(result) == (0.0, 0.0, 1.0)
    assert result.quality.stores_with_conflicting_zones == 1
    assert result.quality.stores_in_unknown_zone == 0


def test_identical_polls_collapse_and_a_contradiction_counts_as_down() -> None:
    polls = observations(
        ("s", at("10:00"), 1),
        ("s", at("10:00"), 1),
        ("s", at("11:00"), 1),
        ("s", at("11:00"), 0),
        ("s", at("11:00"), 1),
    )
    result = uptime(polls, hours(), UTC_ZONE, [span("09:00", "12:00")])
    assert account(result) == (2.0, 1.0, 0.0)
    assert (result.quality.observations, result.quality.duplicates, result.quality.contradictions) == (2, 2, 1)


def test_a_poll_long_before_the_window_forbids_the_reach_back_of_the_first_inside() -> None:
    polls = observations(("s", at("00:00", "2022-06-01"), 1), ("s", at("12:00"), 0))
    assert account(uptime(polls, hours(), UTC_ZONE, [span("00:00", "18:00")])) == (0.0, 2.0, 16.0)
    evenings = hours(*(("s", day, "00:00", "23:00") for day in ALL_DAYS))
    assert account(uptime(polls, evenings, UTC_ZONE, [span("00:00", "18:00")])) == (0.0, 4.0, 14.0)


def test_excluded_spans_are_not_open_time() -> None:
    excluded = pl.DataFrame(
        {"store": ["s", "s"], "start": [at("10:00"), at("10:30")], "end": [at("11:00"), at("12:00")]}
    )
    polls = observations(("s", at("09:30"), 1), ("s", at("11:30"), 0), ("s", at("13:00"), 1))
    window = [span("09:00", "14:00")]
    assert account(uptime(polls, hours(), UTC_ZONE, window, excluded=excluded)) == (3.0, 0.0, 0.0)
    assert account(uptime(polls, hours(), UTC_ZONE, window, CLASSIC, excluded=excluded)) == (2.0, 1.0, 0.0)


def test_ratios_are_null_where_nothing_is_known() -> None:
    polls = observations(("a", at("10:00"), 1), ("a", at("11:00"), 0))
    frame = uptime(polls, hours(("c", 0, "09:00", "10:00")), zones(b="UTC"), [span("10:00", "14:00")]).frame
    assert with_ratios(frame).select("store", "coverage", "availability").rows() == [
        ("a", 0.75, 1 / 3),
        ("b", 0.0, None),
        ("c", None, None),
    ]


def test_incidents_are_runs_of_down_across_closed_time() -> None:
    shifts = hours(("s", TUESDAY, "09:00", "17:00"), ("s", WEDNESDAY, "09:00", "17:00"))
    polls = observations(
        ("s", at("15:30", "2023-01-24"), 1),
        ("s", at("16:00", "2023-01-24"), 0),
        ("s", at("09:30"), 0),
        ("s", at("10:00"), 1),
        ("s", at("11:00"), 0),
        ("s", at("16:00"), 0),
    )
    window = Window("w", at("00:00", "2023-01-24"), at("18:00"))
    seen = incidents(timeline(polls, shifts, UTC_ZONE, window)).rows()
    assert seen == [
        ("s", at("16:00", "2023-01-24"), at("10:00"), 2 * HOUR, False, "up"),
        ("s", at("11:00"), at("13:00"), 2 * HOUR, False, "unknown"),
        ("s", at("16:00"), at("17:00"), HOUR, True, None),
    ]


def test_mean_times_to_repair_and_between_failures() -> None:
    polls = observations(
        *(("s", at(f"{hour:02}:00"), up) for hour, up in ((6, 1), (7, 0), (8, 1), (9, 0), (10, 0), (11, 1), (12, 0))),
        ("t", at("06:00"), 1),
    )
    spans = timeline(polls, hours(), zones(u="UTC"), span("06:00", "18:00"))
    # s: down 7-8 and 9-11, each followed by up; down 12-14, then unknown; up 6-7, 8-9 and 11-12.
    assert reliability(spans).rows() == [
        ("s", 3, 1.5 * HOUR, 1.0 * HOUR),
        ("t", 0, None, None),
        ("u", 0, None, None),
    ]


def test_one_poll_of_long_ago_does_not_disturb_twenty_thousand_stores() -> None:
    now = at("18:00")
    stores = pl.Series(range(20_000))
    polls = pl.DataFrame({"store": stores, "instant": now - HOUR, "status": pl.Series([1] * 20_000, dtype=pl.Int8)})
    ancient = polls.head(1).with_columns(instant=pl.lit(at("00:00", "2000-01-01")))
    empty = [frame.with_columns(pl.col("store").cast(pl.Int64)) for frame in (hours(), zones())]
    for profile, up in ((STRICT, 3 * HOUR - HOUR), (CLASSIC, 2 * HOUR)):
        frame = uptime(
            pl.concat([polls, ancient]), empty[0], empty[1], [Window("w", now - 2 * HOUR, now)], profile
        ).frame
        # The store with the ancient poll knows nothing of the hour before its second one in strict accounting.
        assert frame["up"].to_list() == [HOUR if profile is STRICT else up] + [up] * 19_999


def test_integer_keys_and_text_keys_give_the_same_account() -> None:
    polls = observations(("12", at("10:00"), 1), ("7", at("11:00"), 0))
    numbered = polls.with_columns(pl.col("store").cast(pl.Int64))
    far_apart = numbered.with_columns(pl.col("store") * 10**15)
    windows = trailing_windows(micros(NOW))
    measures = ["window", "open", "up", "down", "unknown"]
    by_text = uptime(polls, hours(), zones(), windows).frame
    for keyed in (numbered, far_apart):
        no_hours, no_zones = (frame.with_columns(pl.col("store").cast(pl.Int64)) for frame in (hours(), zones()))
        by_number = uptime(keyed, no_hours, no_zones, windows).frame
        assert by_number["store"].to_list()[::3] == sorted(keyed["store"].to_list())
        assert (
            by_number.select(measures).rows()
            == by_text.select(measures).rows()[3:] + by_text.select(measures).rows()[:3]
        )


@pytest.mark.parametrize("profile", [STRICT, CLASSIC])
def test_an_empty_fleet_has_an_empty_account(profile: EvidenceProfile) -> None:
    assert uptime(observations(), hours(), zones(), trailing_windows(micros(NOW)), profile).frame.height == 0
    assert timeline(observations(), hours(), zones(), span("00:00", "01:00"), profile).height == 0


def test_wrong_arguments_are_refused() -> None:
    polls = observations(("s", at("10:00"), 1))
    window = span("00:00", "01:00")
    with pytest.raises(ValueError, match="default zone"):
        uptime(polls, hours(), zones(), [window], default_zone="Chicago")
    with pytest.raises(ValueError, match="name of its own"):
        uptime(polls, hours(), zones(), [window, window])
    with pytest.raises(ValueError, match="at least one window"):
        uptime(polls, hours(), zones(), [])
    with pytest.raises(ValueError, match="no timeline"):
        timeline(polls, hours(), zones(), span("01:00", "01:00"))
    with pytest.raises(ValueError, match="ordered"):
        Window("w", 2, 1)
    with pytest.raises(TypeError, match="all text or all integers"):
        uptime(polls, hours(), zones(s="UTC").with_columns(store=pl.lit(1)), [window])
    with pytest.raises(ValueError, match="null"):
        uptime(pl.concat([polls, polls.with_columns(store=pl.lit(None, pl.String))]), hours(), zones(), [window])
    with pytest.raises(ValueError, match="durations"):
        EvidenceProfile(-1, 0, inside_hours_only=True)
