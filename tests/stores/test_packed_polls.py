"""Polls read back for a span: those in it, and for each store the one before and the one after."""

import sqlite3

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.stores.packed_polls import PollReads
from opsroom.stores.uptime import DAY

Key = tuple[int, int]
Row = tuple[int, ...]
MONTH = 31 * DAY
STEP = 4 * DAY
NOBODY = 99
TABLES = """
    CREATE TABLE stores (site INTEGER);
    CREATE TABLE store_observations (site INTEGER, observed_at INTEGER, seen INTEGER);
    CREATE TABLE observation_archives (month INTEGER, first_at INTEGER, last_at INTEGER);
    CREATE TABLE archived_sites (
        site INTEGER, month_start INTEGER, first_at INTEGER, first_seen INTEGER, last_at INTEGER, last_seen INTEGER
    );
"""
POLLS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 30), st.integers(1, 3)), max_size=40)


def read_back(table: dict[Key, int], reads: PollReads, archives: list[dict[Key, int]] | None = None) -> list[Row]:
    """By real statements on a database in memory; archive n holds what is of month n, of any store."""
    archives = archives or []
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    connection.executemany("INSERT INTO stores VALUES (?)", [(site,) for site in range(1, 5)])
    connection.executemany(
        "INSERT INTO store_observations VALUES (?, ?, ?)", [(*key, seen) for key, seen in table.items()]
    )
    for month, archive in enumerate(archives):
        at = sorted(instant for _, instant in archive)
        connection.execute("INSERT INTO observation_archives VALUES (?, ?, ?)", (month, at[0], at[-1]))
        for site in {site for site, _ in archive}:
            mine = sorted(instant for other, instant in archive if other == site)
            first, last = mine[0], mine[-1]
            edges = (first, archive[site, first], last, archive[site, last])
            connection.execute("INSERT INTO archived_sites VALUES (?, ?, ?, ?, ?, ?)", (site, month * MONTH, *edges))
    within, beside = (
        pl.DataFrame(
            connection.execute(read.sql).fetchall(), schema=dict.fromkeys(read.columns, pl.Int64), orient="row"
        )
        for read in (reads.within(), reads.beside())
    )
    needed: list[pl.DataFrame] = []
    if reads.reaches_back(beside):
        listed = "SELECT month FROM observation_archives WHERE last_at >= ? AND first_at <= ?"
        chosen = connection.execute(listed, (reads.before, reads.to)).fetchall()
        needed = [as_frame(archives[month]) for (month,) in chosen]
    connection.close()
    return reads.polls(within, beside, needed).rows()


def as_frame(archive: dict[Key, int]) -> pl.DataFrame:
    rows = sorted((*key, seen) for key, seen in archive.items() if key[0] != NOBODY)
    return pl.DataFrame(rows, schema=dict.fromkeys(("store", "observed_at", "seen"), pl.Int64), orient="row")


def named(table: dict[Key, int], start: int, end: int, as_of: int) -> set[Row]:
    """The definition: those in the span and of each store the one before and the one after."""
    expected: set[Row] = set()
    for site in range(1, 5):
        mine = sorted(instant for other, instant in table if other == site and instant <= as_of)
        chosen = [instant for instant in mine if start <= instant < end]
        chosen += [instant for instant in mine if instant < start][-1:] + [
            instant for instant in mine if instant >= end
        ][:1]
        expected |= {(site, instant, table[site, instant]) for instant in chosen}
    return expected


@pytest.mark.parametrize("highest_site", [None, 4, 1 << 62])
@given(polls=POLLS, start=st.integers(0, 25), length=st.integers(1, 15), as_of=st.integers(0, 35))
def test_they_are_those_that_the_definition_names(
    highest_site: int | None, polls: list[tuple[int, int, int]], start: int, length: int, as_of: int
) -> None:
    table = {(site, instant): seen for site, instant, seen in polls}
    end = start + length
    found = read_back(table, PollReads(start, end, as_of, highest_site=highest_site))
    assert len(found) == len(set(found))
    assert set(found) == named(table, start, end, as_of)


@pytest.mark.parametrize("highest_site", [None, 4, 1 << 40])
@given(
    polls=POLLS,
    months=st.integers(0, 4),
    again=st.lists(st.booleans(), min_size=40, max_size=40),
    start=st.integers(0, 25),
    length=st.integers(1, 15),
    as_of=st.one_of(st.integers(0, 35), st.just(1 << 20)),
)
def test_it_makes_no_difference_what_was_archived(
    highest_site: int | None,
    polls: list[tuple[int, int, int]],
    months: int,
    again: list[bool],
    start: int,
    length: int,
    as_of: int,
) -> None:
    """Instants are multiples of four days. Late polls are in the table although their month was archived, some of
    them in both places, with the same or with another state.
    """
    whole: dict[Key, int] = {}
    table: dict[Key, int] = {}
    archives: list[dict[Key, int]] = [{} for _ in range(months)]
    for (site, place, seen), late in zip(polls, again, strict=False):
        key = (site, place * STEP)
        whole[key] = whole.get(key, 0) | seen
        month = key[1] // MONTH
        chosen = table if late or month >= months else archives[month]
        chosen[key] = chosen.get(key, 0) | seen
    reads = PollReads(start * STEP, (start + length) * STEP, as_of * STEP, highest_site=highest_site)
    split = read_back(table, reads, kept(archives))
    assert split == read_back(whole, reads)
    assert set(split) == named(whole, reads.start, reads.end, reads.as_of)


def kept(archives: list[dict[Key, int]]) -> list[dict[Key, int]]:
    """An archive of a month without polls does not exist; here one of a store that nobody asks for does."""
    return [archive or {(NOBODY, month * MONTH): 1} for month, archive in enumerate(archives)]


@given(
    polls=POLLS,
    start=st.integers(0, 25),
    length=st.integers(1, 15),
    as_of=st.integers(0, 35),
    earlier=st.integers(0, 5),
    later=st.integers(0, 40),
)
def test_what_was_read_for_a_wider_span_is_narrowed_to_what_would_have_been_read(
    polls: list[tuple[int, int, int]], start: int, length: int, as_of: int, earlier: int, later: int
) -> None:
    table = {(site, instant): seen for site, instant, seen in polls}
    wanted = PollReads(start, start + length, as_of, highest_site=4)
    wide = PollReads(start - earlier, start + length + later, start + length + later, highest_site=4)
    assert wide.covers(wanted)
    narrowed = wanted.narrowed(wide, numbers(table, wide))
    assert sorted(narrowed["packed"]) == sorted(numbers(table, wanted)["packed"])


def numbers(table: dict[Key, int], reads: PollReads) -> pl.DataFrame:
    connection = sqlite3.connect(":memory:")
    connection.executescript(TABLES)
    connection.executemany("INSERT INTO stores VALUES (?)", [(site,) for site in range(1, 5)])
    connection.executemany(
        "INSERT INTO store_observations VALUES (?, ?, ?)", [(*key, seen) for key, seen in table.items()]
    )
    rows = connection.execute(reads.within().sql).fetchall()
    connection.close()
    return pl.DataFrame(rows, schema={"packed": pl.Int64}, orient="row")


def test_a_span_that_begins_later_ends_earlier_or_does_not_fit_into_numbers_covers_nothing_more() -> None:
    wanted = PollReads(10, 20, 20, highest_site=4)
    assert PollReads(10, 20, 20, highest_site=4).covers(wanted)
    assert not PollReads(11, 30, 30, highest_site=4).covers(wanted)
    assert not PollReads(0, 19, 19, highest_site=4).covers(wanted)
    assert not PollReads(0, 20, 15, highest_site=4).covers(wanted)
    assert not PollReads(0, 30, 30, highest_site=1 << 61).covers(wanted)


def test_of_one_store_only_its_own() -> None:
    table = {(site, instant): 1 for site in (1, 2) for instant in (0, 10, 20)}
    assert read_back(table, PollReads(5, 15, 30, "AND s.site = 2")) == [(2, 0, 1), (2, 10, 1), (2, 20, 1)]


def test_they_come_in_one_order_whatever_the_order_of_the_table() -> None:
    rows = [((site, instant), 1) for site in (2, 1) for instant in (20, 10, 12, 0)]
    reads = PollReads(5, 15, 30, highest_site=2)
    assert read_back(dict(rows), reads) == read_back(dict(reversed(rows)), reads)


@pytest.mark.parametrize(("days", "highest", "packed"), [(7, 1 << 20, True), (7, 1 << 22, False), (400, 60_000, True)])
def test_a_number_holds_a_week_of_a_million_stores_or_a_year_of_sixty_thousand(
    days: int, highest: int, *, packed: bool
) -> None:
    reads = PollReads(0, days * 86_400_000_000, 1 << 62, highest_site=highest)
    assert reads.within().columns == (("packed",) if packed else ("store", "observed_at", "seen"))
