"""The move itself: what moves, who may ask, what is recorded, and what a damaged archive answers."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.stores.archive.conftest import RollOff
from tests.stores.archive.test_late_polls import LATEST, ONLINE, SEEN, SEPTEMBER, counts, poll, send, september
from tests.stores.conftest import Rows

from opsroom.main import create_app
from opsroom.settings import Settings

Work = Callable[[], Awaitable[None]]
ProblemOf = Callable[[httpx.Response, int], dict[str, Any]]
PATH = "/api/v1/stores/archives"
EVERYWHERE = "SELECT (SELECT count(*) FROM store_observations) + coalesce(sum(polls), 0) FROM observation_archives"


async def test_whole_months_older_than_the_days_to_keep_move(
    manager: httpx.AsyncClient, roll_off: RollOff, rows: Rows
) -> None:
    """The newest poll is of 16 October, 00:00; September ended 15 days before."""
    await send(manager, *SEEN, *LATEST)
    assert (await roll_off(16))["archives"] == 0
    assert (await roll_off(15))["archives"] == 1
    (kept,) = (await manager.get(PATH)).json()["items"]
    assert (kept["month"], kept["block"], kept["polls"], kept["stores"]) == ("2026-09-01", 0, 20, 2)
    assert kept["last_at"] - kept["first_at"] == 9 * 3_600_000_000
    assert kept["archived_by"] == "the_manager"
    artifact = (await manager.get(f"/api/v1/artifacts/{kept['artifact_id']}")).json()
    assert artifact["name"] == "polls_2026-09_0-4095.parquet"
    assert artifact["sha256"] == kept["sha256"]
    trail = "SELECT event, user_name FROM audit_log WHERE event = 'stores.observations.archived'"
    assert await rows(trail) == [("stores.observations.archived", "the_manager")]


async def test_by_itself_nothing_moves(app: FastAPI, manager: httpx.AsyncClient, work: Work, rows: Rows) -> None:
    await send(manager, *SEEN, *LATEST)
    await due(app, work)
    assert await rows(ONLINE) == [(21,)]


async def test_with_the_setting_the_schedule_moves_them(settings: Settings, database_url: str) -> None:
    app = create_app(settings.model_copy(update={"keep_polls_days": 15}), work=False)
    assert app.state.options["keep_polls_days"] == 15
    assert app.state.queue.types["stores.roll_off"].every == timedelta(days=1)
    await app.state.database.close()


async def due(app: FastAPI, work: Work) -> None:
    async with app.state.database.transaction() as session:
        job = app.state.queue.types["stores.roll_off"]
        await app.state.queue.add(session, job.name, job.payload())
    await work()


async def test_who_may_ask(user: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: ProblemOf) -> None:
    problem_of(await nobody.post(PATH, json={"keep_days": 30}), 401)
    problem_of(await user.post(PATH, json={"keep_days": 30}), 403)
    assert (await user.get(PATH)).json()["total"] == 0


@pytest.mark.parametrize("body", [{}, {"keep_days": 0}, {"keep_days": "soon"}])
async def test_days_that_mean_nothing_are_refused(
    manager: httpx.AsyncClient, problem_of: ProblemOf, body: dict[str, Any]
) -> None:
    problem = problem_of(await manager.post(PATH, json=body), 422)
    assert "keep_days" in str(problem)


async def test_polls_that_arrive_while_others_are_archived_are_neither_lost_nor_doubled(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, rows: Rows
) -> None:
    await send(manager, *SEEN, *LATEST)
    await manager.post(PATH, json={"keep_days": 1})
    late = [[poll(f"late{n}", hour) for hour in range(5)] for n in range(8)]
    await asyncio.gather(work(), *(send(manager, *polls, *SEEN) for polls in late))
    found = await september(manager)
    assert [await counts(manager, store) for store in found] == [(10, 0), (10, 0), *[(5, 0)] * 8]
    await manager.post(PATH, json={"keep_days": 1})
    await work()
    assert await september(manager) == found
    assert await rows(EVERYWHERE) == [(61,)]
    assert await rows(ONLINE) == [(1,)]


@pytest.fixture
async def archive(app: FastAPI, manager: httpx.AsyncClient, roll_off: RollOff) -> Path:
    """The file of September's archive."""
    await send(manager, *SEEN, *LATEST)
    await roll_off(1)
    (kept,) = (await manager.get(PATH)).json()["items"]
    path: Path = app.state.blobs.scratch.parent / "artifacts" / kept["sha256"][:2] / kept["sha256"]
    return path


READS = (
    ("/api/v1/stores/availability", SEPTEMBER),
    ("/api/v1/stores/a/timeline", SEPTEMBER),
    ("/api/v1/stores/a/uptime", {"window": "last_24h", "as_of": "2026-09-01T05:00:00Z"}),
    ("/api/v1/stores/a/incidents", {"as_of": "2026-09-01T05:00:00Z"}),
)


def spoil(archive: Path, damage: str) -> None:
    content = archive.read_bytes()
    assert content[:4] == content[-4:] == b"PAR1"
    archive.unlink()
    if damage == "changed":
        archive.write_bytes(content[:9] + bytes([content[9] ^ 1]) + content[10:])


@pytest.mark.parametrize("damage", ["changed", "missing"])
async def test_a_damaged_archive_is_named_and_never_gives_numbers(
    damage: str, archive: Path, manager: httpx.AsyncClient, problem_of: ProblemOf
) -> None:
    spoil(archive, damage)
    for path, window in READS:
        problem = problem_of(await manager.get(path, params=window), 503)
        assert problem["code"] == ("artifact_corrupted" if damage == "changed" else "artifact_missing")
        assert "archive of polls of 2026-09" in problem["detail"]
        assert archive.name in problem["detail"]


async def test_a_window_after_every_archive_opens_none(archive: Path, manager: httpx.AsyncClient) -> None:
    expected = {}
    for path in ("availability", "a/timeline", "a/uptime", "b/incidents", "b/timeline", "summary"):
        window = {"from": "2026-10-01T00:00:00Z", "to": "2026-10-16T00:00:00Z"}
        expected[path] = (await manager.get(f"/api/v1/stores/{path}", params=window)).json()
    spoil(archive, "missing")
    for path, answer in expected.items():
        found = await manager.get(f"/api/v1/stores/{path}", params=window)
        assert (found.status_code, found.json()) == (200, answer)
    assert (await manager.get("/console/stores/sites")).status_code == 200


@pytest.mark.usefixtures("archive")
async def test_the_file_of_an_archive_cannot_be_deleted(app: FastAPI, rows: Rows) -> None:
    with pytest.raises(IntegrityError):
        async with app.state.database.transaction() as session:
            await session.execute(
                text("DELETE FROM artifacts WHERE id IN (SELECT artifact_id FROM observation_archives)")
            )
    assert await rows("SELECT count(*) FROM artifacts") == [(1,)]


async def test_the_console_shows_months_and_archives_more(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, work: Work, rows: Rows
) -> None:
    await send(manager, *SEEN, *LATEST)
    page = "/console/stores/archives"
    assert "All polls are in the table." in (await manager.get(page)).text
    assert "Archive older polls" not in (await user.get(page)).text
    wrong = await manager.post(page, data={"keep_days": "many"})
    assert wrong.status_code == 422
    sent = await manager.post(page, data={"keep_days": "10"})
    assert sent.status_code == 303
    await work()
    shown = (await manager.get(page)).text
    assert "September 2026" in shown
    assert await rows(ONLINE) == [(1,)]
