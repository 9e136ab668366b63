"""One window, many ways to ask, one answer: API, report, page, command on the database, command on bare files.

The window is the month in which Rome's clocks go back; business hours cross midnight on the day of the change, one
maintenance window recurs through it in each store's own zone, another was declared afterwards for one store.
"""

import asyncio
import csv
import io
import json
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import SECRET

STORES = {"001": "Europe/Rome", "002": "America/Chicago", "003": None, "004": "Mars/Base", "005": "Europe/Rome"}
HOURS = [("001", day, "18:00:00", "03:00:00") for day in range(7)] + [("002", 0, "08:00:00", "20:00:00")]
ASKED = {"period": "month", "of": "2026-10", "zone": "Europe/Rome"}
NIGHTLY = {
    "title": "Backups",
    "scope": "all",
    "start_local": "2026-09-01T02:15:00",
    "end_local": "2026-09-01T02:45:00",
    "recurrence": "FREQ=DAILY",
}
AFTERWARDS = {
    "title": "Flood",
    "scope": "store",
    "store_id": "005",
    "zone": "Europe/Rome",
    "start_local": "2026-10-24T20:00:00",
    "end_local": "2026-10-25T04:00:00",
}


def polls() -> list[tuple[str, str, str]]:
    """About hourly, with gaps, contradictions and repetitions; always the same."""
    dice = random.Random(25)  # noqa: S311  invented polls
    start = datetime(2026, 9, 29, tzinfo=UTC)
    rows = []
    for store in STORES:
        at = start
        while at < datetime(2026, 11, 2, tzinfo=UTC):
            at += timedelta(minutes=dice.choice([55, 60, 65, 600]) if dice.random() < 0.5 else 60)
            status = "inactive" if dice.random() < 0.2 else "active"
            rows.append((store, at.strftime("%Y-%m-%d %H:%M:%S UTC"), status))
            if dice.random() < 0.02:
                rows.append((store, rows[-1][1], dice.choice(["active", "inactive"])))
    dice.shuffle(rows)
    return rows


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    zones = [(store, zone) for store, zone in STORES.items() if zone]
    for name, header, rows in (
        ("store_status.csv", ("store_id", "timestamp_utc", "status"), polls()),
        ("menu_hours.csv", ("store_id", "day_of_week", "start_time_local", "end_time_local"), HOURS),
        ("timezones.csv", ("store_id", "timezone_str"), zones),
    ):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    (folder / "maintenance.json").write_text(json.dumps([NIGHTLY, AFTERWARDS]))
    return folder


async def command(database_url: str, *arguments: str, data_dir: str = "") -> str:
    environment = {**os.environ, "OPSROOM_DATABASE_URL": database_url, "OPSROOM_SECRET_KEY": SECRET}
    environment |= {"OPSROOM_DATA_DIR": data_dir} if data_dir else {}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "opsroom", "stores", *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def report(client: httpx.AsyncClient, work: Callable[[], Awaitable[None]], name: str) -> list[dict[str, str]]:
    body = {"type": name, "format": "csv", "parameters": ASKED}
    key = (await client.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    return rows_of((await client.get(f"/api/v1/reports/{key}/download")).text)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_every_way_to_ask_gives_the_same_answer(
    database_url: str, files: Path, manager: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    await command(database_url, "import", str(files))
    for window in (NIGHTLY, AFTERWARDS):
        created = await manager.post("/api/v1/stores/maintenance-windows", json=window)
        assert created.status_code == 201, created.text
    asked = [part for name, value in ASKED.items() for part in (f"--{name}", value)]
    bare = [
        "--status", str(files / "store_status.csv"), "--hours", str(files / "menu_hours.csv"),
        "--zones", str(files / "timezones.csv"), "--maintenance", str(files / "maintenance.json"),
    ]  # fmt: skip

    exact = (await manager.get("/api/v1/stores/availability", params=ASKED)).json()
    assert [row["store_id"] for row in exact["stores"]] == list(STORES)
    assert json.loads(await command(database_url, "uptime", *asked, "--json")) == exact
    assert json.loads(await command("sqlite:////nowhere/none.db", "uptime", *asked, *bare, "--json")) == exact

    rounded = await report(manager, work, "stores.availability")
    assert rows_of(await command(database_url, "uptime", *asked)) == rounded
    assert rows_of(await command("sqlite:////nowhere/none.db", "uptime", *asked, *bare)) == rounded
    for row, shown in zip(exact["stores"], rounded, strict=True):
        assert float(shown["downtime_hours"]) == pytest.approx(row["down_us"] / 3.6e9, abs=0.00501)

    listed = await report(manager, work, "stores.incidents")
    assert rows_of(await command(database_url, "incidents", *asked)) == listed
    assert rows_of(await command("sqlite:////nowhere/none.db", "incidents", *asked, *bare)) == listed
    assert len(listed) == exact["totals"]["incidents"] > 0

    for row in exact["stores"]:
        await one_store_agrees(manager, row, [each for each in listed if each["store_id"] == row["store_id"]])


async def one_store_agrees(client: httpx.AsyncClient, row: dict[str, Any], listed: list[dict[str, str]]) -> None:
    path = f"/api/v1/stores/{row['store_id']}"
    uptime = (await client.get(f"{path}/uptime", params=ASKED)).json()
    shared = row.keys() & uptime.keys()
    assert {"open_us", "up_us", "down_us", "unknown_us", "availability", "coverage"} <= shared
    assert {name: uptime[name] for name in shared} == {name: row[name] for name in shared}
    segments = (await client.get(f"{path}/timeline", params=ASKED)).json()["segments"]
    for state in ("up", "down", "unknown"):
        assert sum(length(part) for part in segments if part["state"] == state) == row[f"{state}_us"]
    excused = any(part["state"] == "excused" for part in segments)
    assert excused == (row["store_id"] != "002")  # closed at night, when the backups run
    incidents = (await client.get(f"{path}/incidents", params=ASKED)).json()["incidents"]
    assert [datetime.fromisoformat(each["start"]) for each in incidents] == [
        datetime.fromisoformat(each["started_at"]) for each in listed
    ]


def length(segment: dict[str, Any]) -> int:
    start, end = (datetime.fromisoformat(segment[name]) for name in ("start", "end"))
    return (end - start) // timedelta(microseconds=1)
