"""The numbering of store ids: shared by threads, and by spellings of one id."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl

from opsroom.stores.files import Reason, StoreIds


def test_spellings_of_one_id_have_one_number() -> None:
    ids = StoreIds()
    numbers, reasons = ids.number(pl.Series([" 17", "17", "17\t", "18"]))
    assert len(set(numbers[:3])) == 1
    assert numbers[3] != numbers[0]
    assert not reasons.any()
    assert ids.texts(numbers).to_list() == ["17", "17", "17", "18"]


def test_an_id_that_was_first_seen_padded_keeps_its_number_when_it_comes_plain() -> None:
    ids = StoreIds()
    padded, _ = ids.number(pl.Series([" 17 "]))
    plain, _ = ids.number(pl.Series(["17"]))
    assert padded.tolist() == plain.tolist()


def test_what_is_no_id_is_told_each_time_it_comes() -> None:
    ids = StoreIds()
    for _ in range(2):
        _, reasons = ids.number(pl.Series(["17", "", None, "  ", "1.2E+17", "x" * 256]))
        assert reasons.tolist() == [
            0, Reason.STORE_BLANK, Reason.STORE_BLANK, Reason.STORE_BLANK, Reason.STORE_MANGLED, Reason.STORE_LONG,
        ]  # fmt: skip


def test_threads_may_number_the_same_new_ids_at_once() -> None:
    """The numbering then has gaps, and numbers whose text is only just being written."""
    names = pl.Series("store", [f"{each:08x}-0000-4000-8000-{each * 7:012x}" for each in range(140_000)])
    batches = [names.sample(100_000, shuffle=True, seed=seed) for seed in range(6)]
    for _ in range(20):
        ids = StoreIds()
        with ThreadPoolExecutor(2) as pool:
            numbered = list(pool.map(ids.number, batches))
        for batch, (numbers, reasons) in zip(batches, numbered, strict=True):
            assert not reasons.any()
            assert ids.texts(numbers).equals(batch)
