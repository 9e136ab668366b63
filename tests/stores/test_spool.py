"""Polls between the file and the table."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.stores import spool as spool_module
from opsroom.stores.spool import Spool, arranged

# Near together, so that keys repeat; now and then so far apart that they do not fit into one packed number.
INSTANTS = st.one_of(st.integers(0, 6), st.sampled_from([-(1 << 60), 1 << 60]))
POLLS = st.lists(st.tuples(st.integers(0, 5), INSTANTS, st.integers(0, 1)), max_size=60)


def table_of(polls: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    columns = np.array(polls, dtype=np.int64).reshape(-1, 3).T
    return arranged(*columns).rows()


@given(POLLS)
def test_rows_are_sorted_and_bits_of_one_instant_united(polls: list[tuple[int, int, int]]) -> None:
    seen: dict[tuple[int, int], set[int]] = {}
    for site, instant, status in polls:
        seen.setdefault((site, instant), set()).add(status)
    bits = {frozenset({1}): 1, frozenset({0}): 2, frozenset({0, 1}): 3}
    assert table_of(polls) == [(*key, bits[frozenset(states)]) for key, states in sorted(seen.items())]


def test_the_table_has_narrow_columns() -> None:
    assert arranged(*(np.zeros(1, np.int64),) * 3).schema == {
        "site": pl.Int32, "observed_at": pl.Int64, "seen": pl.Int8,
    }  # fmt: skip


@pytest.mark.parametrize("bytes_per_part", [1 << 30, 30, 1])
def test_parts_hold_every_row_once_and_each_store_in_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_per_part: int
) -> None:
    monkeypatch.setattr(spool_module, "BYTES_PER_PART", bytes_per_part)
    spool = Spool(tmp_path, 90)
    batches = [
        pl.DataFrame({"store": [1, 2, 3, 4], "instant": [10, 20, 30, 40], "status": [1, 0, 1, 0]}),
        pl.DataFrame({"store": [4, 3, 9], "instant": [41, 31, 90], "status": [1, 1, 0]}),
    ]
    for batch in batches:
        spool.add(batch)
    parts = list(spool.parts())
    assert sorted(pl.concat(parts).rows()) == sorted(pl.concat(batches).rows())
    stores = [set(part["store"]) for part in parts]
    assert sum(map(len, stores)) == len(set().union(*stores))


def test_a_spool_without_batches_has_no_parts(tmp_path: Path) -> None:
    assert list(Spool(tmp_path, 0).parts()) == []


def test_its_folder_is_gone_when_nobody_refers_to_the_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10)
    spool.add(pl.DataFrame({"store": [1], "instant": [1], "status": [1]}))
    assert len(list(tmp_path.iterdir())) == 1
    del spool
    assert list(tmp_path.iterdir()) == []
