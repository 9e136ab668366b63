"""Polls read back for a span: those in it, and for each store the one before and the one after."""

import sqlite3

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.stores.packed_polls import PollReads

POLLS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 30), st.integers(1, 3)), max_size=40)


def read_back(table: dict[tuple[int, int], int], reads: PollReads) -> list[tuple[int, ...]]:
    """By real statements on a database in memory."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE stores (site INTEGER)")
    connection.execute("CREATE TABLE store_observations (site INTEGER, observed_at INTEGER, seen INTEGER)")
    connection.executemany("INSERT INTO stores VALUES (?)", [(site,) for site in range(1, 5)])
    connection.executemany(
        "INSERT INTO store_observations VALUES (?, ?, ?)", [(*key, seen) for key, seen in table.items()]
    )
    frames = [
        pl.DataFrame(
            connection.execute(read.sql).fetchall(), schema=dict.fromkeys(read.columns, pl.Int64), orient="row"
        )
        for read in (reads.within(), reads.beside())
    ]
    connection.close()
    return reads.polls(*frames).rows()


@pytest.mark.parametrize("highest_site", [None, 4, 1 << 62])
@given(polls=POLLS, start=st.integers(0, 25), length=st.integers(1, 15), as_of=st.integers(0, 35))
def test_they_are_those_that_the_definition_names(
    highest_site: int | None, polls: list[tuple[int, int, int]], start: int, length: int, as_of: int
) -> None:
    table = {(site, instant): seen for site, instant, seen in polls}
    end = start + length
    expected = set()
    for site in range(1, 5):
        mine = sorted(instant for other, instant in table if other == site and instant <= as_of)
        chosen = [instant for instant in mine if start <= instant < end]
        chosen += [instant for instant in mine if instant < start][-1:] + [
            instant for instant in mine if instant >= end
        ][:1]
        expected |= {(site, instant, table[site, instant]) for instant in chosen}
    found = read_back(table, PollReads(start, end, as_of, highest_site=highest_site))
    assert len(found) == len(set(found))
    assert set(found) == expected


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
