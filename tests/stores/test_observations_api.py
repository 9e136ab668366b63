"""Live polls: what may be sent, in which form, and what is refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.stores.conftest import NAMED_ZONES, OBSERVED, Rows
from tests.stores.test_imports import at

PATH = "/api/v1/stores/observations"
NDJSON = {"Content-Type": "application/x-ndjson"}
POLL: dict[str, str | int | None] = {"store_id": "a", "timestamp_utc": "2025-11-20T10:00:00Z", "status": "active"}
TEN = at("2025-11-20 10:00:00")
Problem = Callable[[httpx.Response, int], dict[str, Any]]


async def test_an_object_an_array_and_lines_are_taken(manager: httpx.AsyncClient, rows: Rows) -> None:
    one = await manager.post(PATH, json=POLL)
    assert (one.status_code, one.json()) == (200, {"received": 1, "accepted": 1, "added": 1, "rejected": []})
    several = [POLL | {"status": "inactive", "store_id": name} for name in ("b", "c")]
    assert (await manager.post(PATH, json=several)).json()["added"] == 2
    lines = "\n".join(json.dumps(POLL | {"store_id": name}) for name in ("d", "e")) + "\n\n"
    assert (await manager.post(PATH, content=lines, headers=NDJSON)).json()["added"] == 2
    assert await rows(OBSERVED) == [(name, TEN, 2 if name in "bc" else 1) for name in "abcde"]


async def test_unknown_stores_are_created_once(manager: httpx.AsyncClient, rows: Rows) -> None:
    for _ in range(2):
        await manager.post(PATH, json=[POLL, POLL | {"store_id": " a "}, POLL | {"store_id": "b"}])
    assert await rows(NAMED_ZONES) == [("a", None), ("b", None)]
    assert await rows(OBSERVED) == [("a", TEN, 1), ("b", TEN, 1)]


async def test_the_same_poll_again_adds_nothing_and_a_contradiction_is_kept(
    manager: httpx.AsyncClient, rows: Rows
) -> None:
    added = [
        (await manager.post(PATH, json=POLL | {"status": status})).json()["added"]
        for status in ("active", "active", "inactive", "active", "inactive")
    ]
    assert added == [1, 0, 1, 0, 0]
    assert await rows(OBSERVED) == [("a", TEN, 3)]


@pytest.mark.parametrize(
    "poll",
    [
        {"storeId": "a", "timestamp": "2025-11-20 10:00:00 UTC", "status": " Active "},
        {"store": "a", "time": "2025-11-20T12:00:00+02:00", "state": "ACTIVE"},
        {"shop_id": "a", "ts": TEN // 1_000_000, "Status": "active"},
        {"SITE-ID": "a", "observed_at": f"{TEN // 1_000_000}", "status": "active"},
        {"id": "a", "Timestamp UTC": "2025-11-20T10:00:00.000000Z", "status": "active"},
    ],
)
async def test_fields_may_be_spelled_as_in_files(manager: httpx.AsyncClient, rows: Rows, poll: dict[str, Any]) -> None:
    answer = await manager.post(PATH, json=poll)
    assert answer.status_code == 200, answer.text
    assert await rows(OBSERVED) == [("a", TEN, 1)]


async def test_a_store_id_may_be_a_number(manager: httpx.AsyncClient, rows: Rows) -> None:
    await manager.post(PATH, json=POLL | {"store_id": 8419537941919820732})
    assert await rows(NAMED_ZONES) == [("8419537941919820732", None)]


async def test_refused_rows_are_listed_and_the_others_taken(manager: httpx.AsyncClient, rows: Rows) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=1, minutes=5)).isoformat()
    bad: list[dict[str, str | int | None]] = [
        {"store_id": ""},
        {"store_id": "x" * 256},
        {"store_id": "8.1E+18"},
        {"store_id": "nul\0"},
        {"timestamp_utc": "yesterday"},
        {"timestamp_utc": None},
        {"timestamp_utc": "1999-12-31T23:59:59Z"},
        {"timestamp_utc": "9999-01-01T00:00:00Z"},
        {"timestamp_utc": ahead},
        {"status": "maybe"},
        {"status": None},
    ]
    answer = (await manager.post(PATH, json=[POLL, *(POLL | change for change in bad)])).json()
    assert (answer["received"], answer["accepted"], answer["added"]) == (12, 1, 1)
    assert [(one["row"], one["field"]) for one in answer["rejected"]] == [
        (row, next(iter(change))) for row, change in enumerate(bad, start=1)
    ]
    assert answer["rejected"][7]["reason"] == "timestamp is more than a day ahead of the clock"
    assert await rows(OBSERVED) == [("a", TEN, 1)]


async def test_a_batch_of_which_nothing_can_be_taken_is_refused(
    manager: httpx.AsyncClient, problem_of: Problem, rows: Rows
) -> None:
    problem = problem_of(await manager.post(PATH, json=[POLL | {"status": "?"}, POLL | {"store_id": ""}]), 422)
    assert [(error["row"], error["field"]) for error in problem["errors"]] == [(0, "status"), (1, "store_id")]
    assert await rows("SELECT count(*) FROM stores") == [(0,)]


async def test_an_empty_batch_is_no_error(manager: httpx.AsyncClient) -> None:
    assert (await manager.post(PATH, json=[])).json() == {"received": 0, "accepted": 0, "added": 0, "rejected": []}


@pytest.mark.parametrize("body", [b"", b"{", b'{"store_id": "a"', b'"text"', b"[1]", b"\xff\xfe", b"[[]]"])
async def test_what_is_no_json_of_objects_is_refused(
    manager: httpx.AsyncClient, problem_of: Problem, body: bytes
) -> None:
    problem_of(await manager.post(PATH, content=body, headers={"Content-Type": "application/json"}), 400)


async def test_at_most_fifty_thousand_rows_fit_into_a_request(
    manager: httpx.AsyncClient, problem_of: Problem, rows: Rows
) -> None:
    base = datetime(2025, 1, 1, tzinfo=UTC)
    lines = [
        json.dumps(POLL | {"store_id": f"s{row % 700}", "timestamp_utc": (base + timedelta(minutes=row)).isoformat()})
        for row in range(50_001)
    ]
    problem = problem_of(await manager.post(PATH, content="\n".join(lines), headers=NDJSON), 413)
    assert problem["limit"] == 50_000
    assert await rows("SELECT count(*) FROM store_observations") == [(0,)]
    answer = await manager.post(PATH, content="\n".join(lines[1:]), headers=NDJSON)
    assert answer.json()["added"] == 50_000
    assert (await manager.post(PATH, content="\n".join(lines[1:]), headers=NDJSON)).json()["added"] == 0
    assert await rows("SELECT count(*) FROM stores") == [(700,)]


async def test_who_may_send_polls(user: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem) -> None:
    problem_of(await user.post(PATH, json=POLL), 403)
    problem_of(await nobody.post(PATH, json=POLL), 401)
