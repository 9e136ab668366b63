"""The calls of existing clients, in the order in which a client makes them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from tests.stores.conftest import HOURS, STATUS, ZONES, HandIn, Rows, Work

from opsroom.main import create_app
from opsroom.settings import Settings

Problem = Callable[[httpx.Response, int], dict[str, Any]]
JSON = {"Content-Type": "application/json"}
OPERATIONS = (
    "trigger_report", "get_report", "get_report_by_path", "download_report_file", "current_report", "pending_status",
)  # fmt: skip
SEVEN = (
    b"store_id,uptime_last_hour,uptime_last_day,uptime_last_week,"
    b"downtime_last_hour,downtime_last_day,downtime_last_week\n"
)


@pytest.fixture
async def opened(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, of an application that opens the calls."""
    app = create_app(settings.model_copy(update={"open_endpoints": OPERATIONS}), work=False)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:
        yield client
    await app.state.database.close()


async def triggered(client: httpx.AsyncClient) -> str:
    answer = await client.post("/trigger_report")
    assert answer.status_code == 200, answer.text
    report_id: str = answer.json()["report_id"]
    return report_id


async def test_from_trigger_to_download(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    assert (await manager.get("/pending_status")).json() == {"pending": False, "report_id": None, "created_at": None}
    problem_of(await manager.get("/current_report"), 404)

    asked = (await manager.post("/trigger_report", headers=JSON)).json()
    assert asked.keys() == {"report_id", "status", "message"}
    assert asked["status"] == "triggered"
    report_id = asked["report_id"]
    pending = (await manager.get("/pending_status")).json()
    assert (pending["pending"], pending["report_id"]) == (True, report_id)
    assert datetime.fromisoformat(pending["created_at"]).utcoffset() is not None

    running = (await manager.get("/get_report", params={"report_id": report_id})).json()
    assert (running["report_id"], running["status"], running["progress"]) == (report_id, "Running", 0)
    assert (await manager.get("/current_report")).json() == running
    problem_of(await manager.get(f"/download_report/{report_id}/"), 409)

    await work()
    done = (await manager.get("/get_report", params={"report_id": report_id})).json()
    generated = datetime.fromisoformat(done.pop("generated_at"))
    assert generated.utcoffset() is not None
    assert not generated.utcoffset()
    assert done.pop("message")
    file = await manager.get(done["download_url"])
    assert done == {
        "report_id": report_id,
        "status": "Complete",
        "csv_file": f"report_data/report_{report_id}.csv",
        "file_size_bytes": len(file.content),
        "store_count": 5,
        "download_url": f"/download_report/{report_id}/",
        "profile": "classic",
    }
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"report_{report_id}.csv" in file.headers["content-disposition"]
    # a is open on Wednesdays from 09:00 to 24:00 in New York, where the latest poll was at 12:30:00.5; up at 12:00, and
    # so, as the first poll reaches back, in all open time of the week: 3.5 hours today, 11.5 a week ago.
    assert file.content == SEVEN + (
        b"a,60.00,3.50,15.00,0.00,0.00,0.00\nb,60.00,24.00,168.00,0.00,0.00,0.00\n"
        b"c,0.00,0.00,0.00,0.00,0.00,0.00\nd,0.00,0.00,0.00,0.00,0.00,0.00\ne,0.00,0.00,0.00,0.00,0.00,0.00\n"
    )
    part = await manager.get(done["download_url"], headers={"Range": "bytes=9-24"})
    assert (part.status_code, part.content) == (206, file.content[9:25])
    assert (await manager.get("/current_report")).json()["report_id"] == report_id
    assert (await manager.get("/pending_status")).json()["pending"] is False


async def test_every_call_may_end_with_a_slash_or_not(hand_in: HandIn, manager: httpx.AsyncClient, work: Work) -> None:
    await hand_in(status=STATUS)
    for path in ("/trigger_report", "/trigger_report/"):
        assert (await manager.post(path, content=b"", headers=JSON)).status_code == 200
        await work()
    report_id = (await manager.get("/current_report/")).json()["report_id"]
    by_query = (await manager.get("/get_report", params={"report_id": report_id})).json()
    assert (await manager.get("/get_report/", params={"report_id": report_id})).json() == by_query
    for slash in ("", "/"):
        assert (await manager.get(f"/get_report/{report_id}{slash}")).json() == by_query
        assert (await manager.get(f"/download_report/{report_id}{slash}")).status_code == 200
        assert (await manager.get(f"/pending_status{slash}")).status_code == 200
        assert (await manager.get(f"/current_report{slash}")).json() == by_query
    assert (await manager.get("/healthz")).json() == {"status": "ok", "database": "ok"}


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"not json"])
async def test_a_trigger_looks_at_no_body(manager: httpx.AsyncClient, body: bytes) -> None:
    assert (await manager.post("/trigger_report", content=body, headers=JSON)).status_code == 200


@pytest.mark.parametrize("report_id", ["01a1f8a3-b689-771f-b17e-94aca87ac9e3", "42", "report_1", "%20", "0" * 400])
async def test_an_unknown_id_is_not_found(manager: httpx.AsyncClient, problem_of: Problem, report_id: str) -> None:
    problem_of(await manager.get("/get_report", params={"report_id": report_id}), 404)
    problem_of(await manager.get(f"/get_report/{report_id}/"), 404)
    problem_of(await manager.get(f"/download_report/{report_id}/"), 404)


async def test_without_an_id_the_answer_names_the_field(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    assert "report_id" in problem_of(await manager.get("/get_report"), 422)["detail"]


async def test_a_second_trigger_is_told_which_report_is_being_made(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    await hand_in(status=STATUS)
    report_id = await triggered(manager)
    assert problem_of(await manager.post("/trigger_report"), 409)["report_id"] == report_id
    await work()
    assert await triggered(manager) != report_id


async def test_twenty_who_trigger_at_once_make_one_report(manager: httpx.AsyncClient, rows: Rows) -> None:
    answers = await asyncio.gather(*(manager.post("/trigger_report") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert len({answer.json()["report_id"] for answer in answers}) == 1
    assert await rows("SELECT count(*) FROM reports") == [(1,)]
    assert await rows("SELECT count(*) FROM jobs WHERE type = 'reports.run'") == [(1,)]


async def test_a_report_that_fails_says_why_and_the_next_may_be_asked_for(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    report_id = await triggered(manager)
    await work()
    failed = (await manager.get(f"/get_report/{report_id}/")).json()
    assert failed == {
        "report_id": report_id,
        "status": "Failed",
        "message": "There are no observations yet; import some, or give `as_of`.",
    }
    assert problem_of(await manager.get(f"/download_report/{report_id}/"), 409)["code"] == "report_failed"
    problem_of(await manager.get("/current_report"), 404)
    assert (await manager.get("/pending_status")).json()["pending"] is False
    await hand_in(status=STATUS)
    await triggered(manager)
    await work()
    assert (await manager.get("/current_report")).json()["status"] == "Complete"


async def test_a_cancelled_report_is_shown_as_failed(manager: httpx.AsyncClient) -> None:
    report_id = await triggered(manager)
    assert (await manager.post(f"/api/v1/reports/{report_id}/cancel")).status_code == 200
    failed = (await manager.get(f"/get_report/{report_id}/")).json()
    assert (failed["status"], failed["message"]) == ("Failed", "cancelled")


async def test_the_latest_complete_report_is_current_whatever_failed_since(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work
) -> None:
    await hand_in(status=STATUS)
    first = await triggered(manager)
    await work()
    second = await triggered(manager)
    await manager.post(f"/api/v1/reports/{second}/cancel")
    assert (await manager.get("/current_report")).json()["report_id"] == first


async def test_they_need_a_token_unless_opened(
    nobody: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem
) -> None:
    problem_of(await nobody.post("/trigger_report"), 401)
    problem_of(await user.post("/trigger_report"), 403)
    for path in ("/get_report?report_id=1", f"/download_report/{UUID(int=0)}/", "/current_report", "/pending_status"):
        problem_of(await nobody.get(path), 401)
    assert (await user.get("/pending_status")).status_code == 200
    assert (await nobody.get("/healthz")).status_code == 200


async def test_opened_they_need_none(
    hand_in: HandIn, opened: httpx.AsyncClient, work: Callable[[], Awaitable[None]], app: FastAPI, problem_of: Problem
) -> None:
    await hand_in(status=STATUS)
    report_id = await triggered(opened)
    await work()
    assert (await opened.get(f"/get_report/{report_id}/")).json()["status"] == "Complete"
    assert (await opened.get(f"/download_report/{report_id}/")).content.startswith(SEVEN)
    assert (await opened.get("/current_report")).status_code == 200
    assert (await opened.get("/pending_status")).status_code == 200
    problem_of(await opened.get("/api/v1/reports"), 401)
