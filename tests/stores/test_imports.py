"""Files that are handed in take effect together, once, or not at all."""

import errno
import gc
import gzip
from datetime import UTC, datetime, time
from io import BytesIO

import httpx
import polars as pl
import pytest
from fastapi import FastAPI
from tests.stores.conftest import HOURS, NAMED_ZONES, OBSERVED, SHIFTS, STATUS, ZONES, HandIn, Rows, Work, post_files

from opsroom.stores import imports as imports_module

UP, DOWN, BOTH = 1, 2, 3


def at(text: str) -> int:
    """Microseconds of `YYYY-MM-DD HH:MM:SS[.f]` in UTC."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return moment.days * 86_400_000_000 + moment.seconds * 1_000_000 + moment.microseconds


async def shifts(rows: Rows) -> list[tuple[str, int, time, time]]:
    found = await rows(SHIFTS)
    return [(store, day, time.fromisoformat(start), time.fromisoformat(end)) for store, day, start, end in found]


FIVE_PM, HALF_PAST, TEN_AM = at("2023-01-25 17:00:00"), at("2023-01-25 17:30:00.500000"), at("2023-01-25 10:00:00")
EXPECTED = [("a", FIVE_PM, UP), ("a", HALF_PAST, DOWN), ("b", TEN_AM, UP)]


async def test_three_files_become_stores_polls_hours_and_zones(hand_in: HandIn, rows: Rows) -> None:
    done = await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    assert {kind: row["status"] for kind, row in done.items()} == dict.fromkeys(
        ("status", "hours", "zones"), "complete"
    )
    assert {kind: (row["rows_read"], row["rows_accepted"], row["rows_added"]) for kind, row in done.items()} == {
        "status": (3, 3, 3),
        "hours": (2, 2, 2),
        "zones": (3, 3, 2),  # e names no zone
    }
    assert done["hours"]["columns"]["day_of_week"] == "day"
    assert await rows(OBSERVED) == EXPECTED
    # 24:00 is kept as 23:59:59, which as an end means the same.
    assert await shifts(rows) == [("a", 2, time(9), time(23, 59, 59)), ("c", 2, time(10), time(11))]
    assert await rows(NAMED_ZONES) == [
        ("a", "America/New_York"), ("b", None), ("c", None), ("d", "Asia/Nowhere"), ("e", None),
    ]  # fmt: skip


async def test_the_same_file_again_adds_nothing_and_says_so(hand_in: HandIn, rows: Rows) -> None:
    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    before = [await rows(query) for query in (OBSERVED, SHIFTS, NAMED_ZONES, "SELECT id, version FROM business_hours")]
    again = await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    assert {row["rows_added"] for row in again.values()} == {0}
    assert [
        await rows(query) for query in (OBSERVED, SHIFTS, NAMED_ZONES, "SELECT id, version FROM business_hours")
    ] == before
    results = [
        result
        for (result,) in await rows(
            "SELECT CAST(result AS text) FROM jobs WHERE type = 'stores.import' ORDER BY created_at"
        )
    ]
    assert '"imported_before": []' in results[0]
    assert '"imported_before": ["my_status.csv"]' in results[1]


@pytest.mark.parametrize("form", ["reversed", "gzip", "parquet", "spaces and case"])
async def test_the_same_rows_in_another_form_add_nothing(hand_in: HandIn, rows: Rows, form: str) -> None:
    await hand_in(status=STATUS)
    header, *lines = STATUS.splitlines()
    parquet = BytesIO()
    pl.read_csv(STATUS.encode(), infer_schema=False).write_parquet(parquet)
    again = await hand_in(
        status={
            "reversed": "\n".join([header, *reversed(lines)]),
            "gzip": gzip.compress(STATUS.encode()),
            "parquet": parquet.getvalue(),
            "spaces and case": STATUS.replace(",active", ", ACTIVE ").replace("b,", " b ,"),
        }[form]
    )
    assert (again["status"]["status"], again["status"]["rows_accepted"], again["status"]["rows_added"]) == (
        "complete", 3, 0,
    )  # fmt: skip
    assert await rows(OBSERVED) == EXPECTED


async def test_of_an_overlapping_file_only_what_is_new_is_added(hand_in: HandIn, rows: Rows) -> None:
    await hand_in(status=STATUS)
    overlapping = (
        "store_id,status,timestamp_utc\n"
        "a,active,2023-01-25 17:00:00 UTC\n"  # known
        "a,active,2023-01-25 16:00:00 UTC\n"  # older than what is known of a
        "a,active,2023-01-25 18:00:00 UTC\n"  # newer
        "n,inactive,2023-01-01 00:00:00 UTC\n"  # of a new store, older than all
    )
    done = await hand_in(status=overlapping)
    assert done["status"]["rows_added"] == 3
    assert await rows(OBSERVED) == sorted([
        *EXPECTED,
        ("a", at("2023-01-25 16:00:00"), UP),
        ("a", at("2023-01-25 18:00:00"), UP),
        ("n", at("2023-01-01 00:00:00"), DOWN),
    ])  # fmt: skip


async def test_contradictions_are_united_within_a_file_and_across_files(hand_in: HandIn, rows: Rows) -> None:
    await hand_in(
        status="store_id,status,timestamp_utc\n"
        "x,active,2023-01-25 17:00:00 UTC\nx,inactive,2023-01-25 17:00:00 UTC\nx,active,2023-01-25 17:00:00 UTC\n"
        "y,active,2023-01-25 17:00:00 UTC\nz,inactive,2023-01-25 17:00:00 UTC\n"
    )
    assert [(store, seen) for store, _, seen in await rows(OBSERVED)] == [("x", BOTH), ("y", UP), ("z", DOWN)]
    done = await hand_in(
        status="store_id,status,timestamp_utc\n"
        "x,active,2023-01-25 17:00:00 UTC\ny,inactive,2023-01-25 17:00:00 UTC\nz,inactive,2023-01-25 17:00:00 UTC\n"
    )
    assert done["status"]["rows_added"] == 1  # y is now seen both ways
    assert [(store, seen) for store, _, seen in await rows(OBSERVED)] == [("x", BOTH), ("y", BOTH), ("z", DOWN)]


async def test_an_hours_file_replaces_the_hours_of_the_stores_it_names_and_of_no_other(
    hand_in: HandIn, rows: Rows
) -> None:
    await hand_in(
        hours="store_id,day,start_time_local,end_time_local\na,0,09:00,17:00\na,1,09:00,17:00\nb,0,10:00,11:00\n"
    )
    done = await hand_in(hours="store_id,day,start_time_local,end_time_local\na,1,09:00,17:00\na,2,08:30:00.5,02:00\n")
    assert done["hours"]["rows_added"] == 1
    assert await shifts(rows) == [
        ("a", 1, time(9), time(17)),
        ("a", 2, time(8, 30, 0, 500_000), time(2)),
        ("b", 0, time(10), time(11)),
    ]


async def test_a_zones_file_changes_the_zones_it_names_and_a_blank_one_changes_nothing(
    hand_in: HandIn, rows: Rows
) -> None:
    await hand_in(zones="store_id,timezone_str\na,America/Denver\nb,America/Denver\n")
    done = await hand_in(zones="store_id,timezone_str\na,Asia/Beirut\nb,\n")
    assert done["zones"]["rows_added"] == 1
    assert await rows(NAMED_ZONES) == [("a", "Asia/Beirut"), ("b", "America/Denver")]
    assert await rows("SELECT external_id, version FROM stores ORDER BY 1") == [("a", 3), ("b", 2)]


async def test_a_zone_text_longer_than_any_zone_does_not_stop_an_import(hand_in: HandIn, rows: Rows) -> None:
    done = await hand_in(zones="store_id,timezone_str\na," + "Mars/" * 60 + "\n")
    assert done["zones"]["status"] == "complete"
    assert await rows(NAMED_ZONES) == [("a", ("Mars/" * 60)[:64])]


async def test_columns_of_unusual_names_are_taken_by_the_mapping(hand_in: HandIn, rows: Rows) -> None:
    status = STATUS.replace("store_id", "Filiale").replace("timestamp_utc", "wann")
    done = await hand_in('{"status": {"store_id": "Filiale", "timestamp_utc": "wann"}}', status=status)
    assert done["status"]["columns"] == {"store_id": "Filiale", "timestamp_utc": "wann", "status": "status"}
    assert await rows(OBSERVED) == EXPECTED


async def test_refused_rows_are_counted_and_kept_with_line_and_reason(
    hand_in: HandIn, manager: httpx.AsyncClient
) -> None:
    bad = (
        "a,active,2023-01-25 17:00:00.1234567 UTC\n"
        "c,perhaps,2023-01-25 17:00:00 UTC\n"
        "=1+2,active,9999-01-01 00:00:00Z\n"
    )
    done = await hand_in(status=STATUS + bad, hours=HOURS)
    assert (done["status"]["rows_read"], done["status"]["rows_accepted"]) == (6, 3)
    assert sum(done["status"]["rejected"].values()) == 3
    answer = await manager.get(f"/api/v1/stores/imports/{done['status']['id']}/rejects")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = pl.read_csv(answer.content, infer_schema=False)
    assert table["line"].to_list() == ["5", "6", "7"]
    assert table["reason"].to_list() == [
        "timestamp is malformed",
        "status is neither active nor inactive",
        "timestamp is more than a day ahead of the clock",
    ]
    assert table["raw"][0] == "a,active,2023-01-25 17:00:00.1234567 UTC"
    assert table["raw"][2].startswith("'=1+2")  # no spreadsheet computes it
    none = await manager.get(f"/api/v1/stores/imports/{done['hours']['id']}/rejects")
    assert (none.status_code, none.json()["code"]) == (404, "no_rejects")


async def test_a_save_that_fails_half_way_leaves_nothing(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The polls are written last, when stores, zones and hours are there already."""

    async def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "no room at /some/inner/path")

    await post_files(manager, status=STATUS, hours=HOURS, zones=ZONES)
    with monkeypatch.context() as patched:
        patched.setattr(imports_module, "write_observations", full)
        await work()
    for table in ("stores", "business_hours", "store_observations"):
        assert await rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert await rows("SELECT DISTINCT status FROM observation_imports") == [("pending",)]
    told = "The disk for files is full; nothing was kept."
    assert await rows("SELECT status, error FROM jobs WHERE type = 'stores.import'") == [("queued", told)]
    # Not only when the garbage is collected: what it holds may be the room that is missing.
    assert list(app.state.blobs.scratch.iterdir()) == []


async def test_a_report_is_made_after_the_import_when_asked_for(hand_in: HandIn, rows: Rows) -> None:
    await hand_in(status=STATUS, hours=HOURS, report=True)
    assert await rows("SELECT type, status, row_count FROM reports") == [("stores.uptime", "complete", 3)]


async def test_no_scratch_file_remains(app: FastAPI, hand_in: HandIn) -> None:
    await hand_in(status=STATUS + "x,y,z\n", hours=HOURS)
    await hand_in(status=b"")
    gc.collect()
    assert list(app.state.blobs.scratch.iterdir()) == []
