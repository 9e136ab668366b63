"""One store's account, timeline and incidents, which agree with the report and with each other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import polars as pl
import pytest
from tests.stores.conftest import HOURS, STATUS, ZONES, HandIn, Rows, Work

Problem = Callable[[httpx.Response, int], dict[str, Any]]
MICROSECONDS = timedelta(microseconds=1)


async def test_a_week_worked_by_hand(hand_in: HandIn, manager: httpx.AsyncClient) -> None:
    """Store a is open on Wednesdays from 09:00 in New York, 14:00 UTC. Polled up at 17:00, down at 17:30:00.5.

    What is seen holds for two hours and reaches back for two from the first poll of the day: up from 15:00,
    unknown before; the week ends with the poll that saw it down.
    """
    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    timeline = (await manager.get("/api/v1/stores/a/timeline")).json()
    assert (timeline["store_id"], timeline["zone"]) == ("a", "America/New_York")
    assert [(one["state"], one["start"], one["end"]) for one in timeline["segments"]] == [
        ("unknown", "2023-01-18T17:30:00.500000Z", "2023-01-19T05:00:00Z"),
        ("closed", "2023-01-19T05:00:00Z", "2023-01-25T14:00:00Z"),
        ("unknown", "2023-01-25T14:00:00Z", "2023-01-25T15:00:00Z"),
        ("up", "2023-01-25T15:00:00Z", "2023-01-25T17:30:00.500000Z"),
    ]
    account = (await manager.get("/api/v1/stores/a/uptime")).json()
    hour = 3_600_000_000
    assert (account["up_us"], account["down_us"]) == (2 * hour + hour // 2 + 500_000, 0)
    assert account["unknown_us"] == hour + 11 * hour + hour // 2 - 500_000
    assert account["availability"] == 1.0
    assert (await manager.get("/api/v1/stores/a/incidents")).json()["incidents"] == []
    later = {"from": "2023-01-25T17:00:00Z", "to": "2023-01-26T12:00:00Z"}
    assert (await manager.get("/api/v1/stores/a/incidents", params=later)).json()["incidents"] == [
        {"start": "2023-01-25T17:30:00.500000Z", "end": "2023-01-25T19:30:00.500000Z", "downtime_us": 2 * hour}
    ]


async def test_it_is_found_by_its_id_and_by_its_external_id(
    hand_in: HandIn, manager: httpx.AsyncClient, rows: Rows
) -> None:
    await hand_in(status=STATUS)
    ((key,),) = await rows("SELECT id FROM stores WHERE external_id = 'a'")
    by_name = (await manager.get("/api/v1/stores/a/uptime")).json()
    assert (await manager.get(f"/api/v1/stores/{UUID(str(key))}/uptime")).json() == by_name


@pytest.mark.parametrize("what", ["timeline", "uptime", "incidents"])
async def test_what_is_refused(
    hand_in: HandIn, manager: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem, what: str
) -> None:
    await hand_in(status=STATUS, zones=ZONES)
    for unknown in ("nowhere", str(uuid4())):
        problem_of(await manager.get(f"/api/v1/stores/{unknown}/{what}"), 404)
    path = f"/api/v1/stores/a/{what}"
    problem_of(await nobody.get(path), 401)
    for query, field in (
        ("from=2023-01-25T00:00:00Z", "to"),
        ("to=2023-01-25T00:00:00Z", "from"),
        ("from=2023-01-25T00:00:00Z&to=2023-01-25T00:00:00Z", "from"),
        ("from=2023-01-25T00:00:00Z&to=2024-06-01T00:00:00Z", "from"),
        ("from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z", "from"),
        ("from=9999-12-01T00:00:00Z&to=9999-12-31T00:00:00Z", "to"),
    ):
        assert problem_of(await manager.get(f"{path}?{query}"), 422)["field"] == field
    problem_of(await manager.get(f"{path}?from=yesterday&to=2023-01-25T00:00:00Z"), 422)
    problem_of(await manager.get(f"{path}?from=2023-01-24T00:00:00&to=2023-01-25T00:00:00Z"), 422)
    assert problem_of(await manager.get(f"/api/v1/stores/d/{what}"), 404)["code"] == "no_observation"


@pytest.mark.parametrize(
    ("start", "end"), [("1971-01-01", "1971-01-08"), ("2199-12-01", "2199-12-31"), ("2023-01-01", "2023-01-02")]
)
async def test_far_from_any_poll_open_time_is_unknown(
    hand_in: HandIn, manager: httpx.AsyncClient, start: str, end: str
) -> None:
    """Also of a store without any poll."""
    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    for store in ("b", "d"):
        asked = {"from": f"{start}T00:00:00Z", "to": f"{end}T00:00:00Z"}
        account = (await manager.get(f"/api/v1/stores/{store}/uptime", params=asked)).json()
        length = (datetime.fromisoformat(end) - datetime.fromisoformat(start)) // MICROSECONDS
        assert (account["open_us"], account["unknown_us"]) == (length, length)
        assert account["availability"] is None
        timeline = (await manager.get(f"/api/v1/stores/{store}/timeline", params=asked)).json()
        assert [one["state"] for one in timeline["segments"]] == ["unknown"]


async def test_its_account_is_that_of_the_report_and_the_sum_of_its_timeline(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work
) -> None:
    """Random polls of twelve stores, as of an instant in the middle of them, over the report's three windows."""
    files, as_of = random_files()
    await hand_in(**files)
    asked = await manager.post(
        "/api/v1/reports",
        json={"type": "stores.uptime", "parameters": {"as_of": as_of.isoformat(), "unknown": True}},
    )
    await work()
    report = pl.read_csv((await manager.get(f"/api/v1/reports/{asked.json()['id']}/download")).content)
    units = {"hour": (1, 60_000_000), "day": (24, 3_600_000_000), "week": (168, 3_600_000_000)}
    for row in report.iter_rows(named=True):
        for window, (hours, unit) in units.items():
            span = {"from": (as_of - timedelta(hours=hours)).isoformat(), "to": as_of.isoformat()}
            span["as_of"] = as_of.isoformat()
            account = (await manager.get(f"/api/v1/stores/{row['store_id']}/uptime", params=span)).json()
            for word, field in (("uptime", "up_us"), ("downtime", "down_us"), ("unknown", "unknown_us")):
                assert row[f"{word}_last_{window}"] == pytest.approx(account[field] / unit, abs=0.005001)
            assert await summed(manager, row["store_id"], span) == {
                state: account[f"{state}_us"] for state in ("up", "down", "unknown")
            }


async def summed(client: httpx.AsyncClient, store: str, span: dict[str, str]) -> dict[str, int]:
    """Microseconds of each state of the timeline, which covers its span without a gap."""
    segments = (await client.get(f"/api/v1/stores/{store}/timeline", params=span)).json()["segments"]
    edges = [(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"])) for one in segments]
    assert (edges[0][0].isoformat(), edges[-1][1].isoformat()) == (span["from"], span["to"])
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    sums = {"up": 0, "down": 0, "unknown": 0, "closed": 0}
    for one, (start, end) in zip(segments, edges, strict=True):
        sums[one["state"]] += (end - start) // MICROSECONDS
    del sums["closed"]
    return sums


def random_files() -> tuple[dict[str, str], datetime]:
    random = np.random.default_rng(11)
    as_of = datetime(2024, 3, 12, 16, 20, 30, 123456, tzinfo=UTC)  # the clocks of New York changed on 10 March
    polls, shifts, zones = [], [], []
    for number in range(12):
        for minutes in random.integers(-12 * 24 * 60, 2 * 24 * 60, 160).tolist():
            instant = as_of + timedelta(minutes=minutes, microseconds=int(random.integers(1_000_000)))
            polls.append(f"s{number:02},{instant.isoformat()},{random.choice(['active', 'inactive'])}")
        if number % 4:
            for day in range(7):
                start, end = random.integers(0, 24, 2).tolist()
                shifts.append(f"s{number:02},{day},{start:02}:15:00,{end:02}:00:00")
        zones.append(f"s{number:02},{random.choice(['America/New_York', 'Asia/Kathmandu', 'UTC', 'Mars/Base'])}")
    return {
        "status": "\n".join(["store_id,timestamp_utc,status", *polls]),
        "hours": "\n".join(["store_id,day_of_week,start_time_local,end_time_local", *shifts]),
        "zones": "\n".join(["store_id,timezone_str", *zones]),
    }, as_of
