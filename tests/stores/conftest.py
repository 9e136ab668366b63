"""What tests of stores in the database may ask for: files to hand in, and a look at what became of them."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from opsroom.core.db.engine import Database

STATUS = """store_id,status,timestamp_utc
a,active,2023-01-25 17:00:00 UTC
a,inactive,2023-01-25 17:30:00.5 UTC
b,active,2023-01-25 10:00:00 UTC
"""
HOURS = """store_id,day,start_time_local,end_time_local
a,2,09:00:00,24:00
c,2,10:00:00,11:00:00
"""
ZONES = """store_id,timezone_str
a,America/New_York
d,Asia/Nowhere
e,
"""

Work = Callable[[], Awaitable[None]]
Files = dict[str, str | bytes | tuple[str, bytes]]
HandIn = Callable[..., Awaitable[dict[str, dict[str, Any]]]]
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def hand_in(manager: httpx.AsyncClient, work: Work) -> HandIn:
    """Hand in files by the API, do the work, and give what the API then says of each, by kind."""

    async def call(mapping: str | None = None, *, report: bool = False, **files: Any) -> dict[str, dict[str, Any]]:
        answer = await post_files(manager, mapping, report=report, **files)
        assert answer.status_code == 202, answer.text
        await work()
        found = {}
        for row in answer.json()["imports"]:
            read = await manager.get(f"/api/v1/stores/imports/{row['id']}")
            found[read.json()["kind"]] = read.json()
        return found

    return call


async def post_files(
    client: httpx.AsyncClient,
    mapping: str | None = None,
    *,
    report: bool = False,
    **files: str | bytes | tuple[str, bytes],
) -> httpx.Response:
    parts = {}
    for kind, content in files.items():
        name, body = content if isinstance(content, tuple) else (f"my_{kind}.csv", content)
        parts[kind] = (name, body.encode() if isinstance(body, str) else body)
    form = {"mapping": mapping} if mapping else {}
    if report:
        form["report"] = "true"
    return await client.post("/api/v1/stores/imports", files=parts, data=form)


@pytest.fixture
def rows(app: FastAPI) -> Rows:
    """The rows of a SELECT."""
    database: Database = app.state.database

    async def read(statement: str) -> list[tuple[Any, ...]]:
        async with database.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    return read


OBSERVED = """
    SELECT s.external_id, o.observed_at, o.seen FROM store_observations o JOIN stores s ON s.site = o.site ORDER BY 1, 2
"""
SHIFTS = """
    SELECT s.external_id, h.day_of_week, CAST(h.start_time_local AS text), CAST(h.end_time_local AS text)
    FROM business_hours h JOIN stores s ON s.id = h.store_id ORDER BY 1, 2, 3
"""
NAMED_ZONES = "SELECT external_id, zone FROM stores ORDER BY 1"
