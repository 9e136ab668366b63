"""Schedules through the API, the worker and a real mail server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from tests.core.schedules.conftest import TYPE, Server

from opsroom.core.auth.models import Role, User
from opsroom.core.clock import now
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.runtime import Runtime
from opsroom.core.parts import NoPayload
from opsroom.core.reports.models import Report
from opsroom.core.schedules.letters import SEND
from opsroom.core.schedules.models import ReportLetter, ReportSchedule
from opsroom.core.schedules.turns import TURNS

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]
PATH = "/api/v1/report-schedules"


async def add(client: httpx.AsyncClient, wanted: dict[str, Any], **changed: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=wanted | changed)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def come_due(app: FastAPI, *, ask: bool = True) -> None:
    """As if the next time of every schedule were a minute ago."""
    async with app.state.database.transaction() as session:
        await session.execute(update(ReportSchedule).values(next_at=now() - timedelta(minutes=1)))
        if ask:
            await app.state.queue.add(session, TURNS, NoPayload())


async def count(app: FastAPI, model: type[Any]) -> int:
    async with app.state.database.transaction() as session:
        return len((await session.scalars(select(model))).all())


async def letters(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/report-letters")).json()["items"]
    return found


async def test_a_due_report_is_made_and_sent_with_its_file(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, wanted: dict[str, Any], mail_server: Server
) -> None:
    schedule = await add(manager, wanted)
    assert (schedule["owner"], schedule["permission"]) == ("the_manager", "stores.reports.read")
    assert schedule["next_at"] > now().isoformat()
    await come_due(app)
    await work()
    (report,) = (await manager.get("/api/v1/reports")).json()["items"]
    assert (report["status"], report["requested_by"], report["format"]) == ("complete", "the_manager", "csv")
    letter = await asyncio.to_thread(mail_server.letter)
    assert (letter["to"], letter["headers"]["subject"]) == (["lead@example.com"], "Week of the sites")
    assert letter["files"] == {f"report_{report['id']}.csv": "site,hours\nA,1.50\nB,2.00\n"}
    assert "tests.sent, as of 2026-03-02 00:00 UTC: 2 rows." in letter["text"]
    (kept,) = await letters(manager)
    assert (kept["status"], kept["attempts"], kept["error"]) == ("sent", 1, None)
    after = (await manager.get(f"{PATH}/{schedule['id']}")).json()
    assert (after["error"], after["version"]) == (None, schedule["version"]) or after["next_at"] > now().isoformat()


async def test_a_link_comes_instead_where_no_file_is_wanted(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, wanted: dict[str, Any], mail_server: Server
) -> None:
    await add(manager, wanted, attach=False)
    await come_due(app)
    await work()
    letter = await asyncio.to_thread(mail_server.letter)
    (report,) = (await manager.get("/api/v1/reports")).json()["items"]
    assert letter["files"] == {}
    assert f"https://ops.example/console/reports/{report['id']}" in letter["text"]


async def test_a_report_that_fails_is_told_too(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, wanted: dict[str, Any], mail_server: Server
) -> None:
    await add(manager, wanted, parameters={"trouble": "No polls yet."})
    await come_due(app)
    await work()
    letter = await asyncio.to_thread(mail_server.letter)
    assert letter["headers"]["subject"] == "Week of the sites: not made"
    assert "could not be made: No polls yet." in letter["text"]


async def test_of_two_workers_one_asks_for_each_due_time(
    app: FastAPI, manager: httpx.AsyncClient, wanted: dict[str, Any]
) -> None:
    for number in range(3):
        await add(manager, wanted, name=f"number {number}", recipients=[])
    await come_due(app, ask=False)
    async with app.state.database.transaction() as session:
        for _ in range(4):
            await app.state.queue.add(session, TURNS, NoPayload())
    workers = [Runtime(app.state.database, app.state.queue, app.state.metrics) for _ in range(2)]
    await asyncio.gather(*(worker.run_until_idle() for worker in workers))
    assert await count(app, Report) == 3


@pytest.mark.parametrize("mail_answers", [("451 Later, please", "250 OK")])
async def test_a_server_that_says_later_is_asked_again_and_every_try_is_seen(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, wanted: dict[str, Any], mail_server: Server
) -> None:
    await add(manager, wanted)
    await come_due(app)
    await work()
    (waiting,) = await letters(manager)
    assert (waiting["status"], waiting["attempts"]) == ("waiting", 1)
    assert "451 Later, please" in waiting["error"]
    async with app.state.database.transaction() as session:
        await session.execute(update(Job).where(Job.type == SEND).values(run_at=now()))
    await work()
    letter = await asyncio.to_thread(mail_server.letter)
    (kept,) = await letters(manager)
    assert (kept["status"], kept["attempts"], len(kept["tries"])) == ("sent", 2, 2)
    assert letter["headers"]["message-id"] == f"<{kept['id']}@opsroom>"


@pytest.mark.parametrize("mail_answers", [("554 No such person", "250 OK")])
async def test_a_refusal_for_good_ends_the_tries_until_somebody_sends_it_again(
    app: FastAPI,
    manager: httpx.AsyncClient,
    work: Work,
    wanted: dict[str, Any],
    mail_server: Server,
    problem_of: Problem,
) -> None:
    await add(manager, wanted)
    await come_due(app)
    await work()
    (failed,) = await letters(manager)
    assert (failed["status"], failed["attempts"]) == ("failed", 1)
    path = f"/api/v1/report-letters/{failed['id']}/send"
    again = await manager.post(path)
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    assert problem_of(await manager.post(path), 409)["code"] == "letter_waiting"
    await work()
    await asyncio.to_thread(mail_server.letter)
    assert (await letters(manager))[0]["status"] == "sent"


async def test_a_mail_server_that_is_away_is_said_and_tried_again(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, wanted: dict[str, Any], mail_server: Server
) -> None:
    mail_server.stop()
    await add(manager, wanted)
    await come_due(app)
    await work()
    (kept,) = await letters(manager)
    assert kept["status"] == "waiting"
    assert "The mail server does not answer" in kept["error"]


async def test_who_may_no_longer_read_gets_no_report_and_the_schedule_says_so(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, wanted: dict[str, Any]
) -> None:
    schedule = await add(manager, wanted)
    async with app.state.database.transaction() as session:
        await session.execute(update(User).where(User.username == "the_manager").values(is_active=False))
    await come_due(app)
    await work()
    assert await count(app, Report) == 0
    async with app.state.database.transaction() as session:
        kept = await session.scalar(select(ReportSchedule).where(ReportSchedule.name == schedule["name"]))
    assert kept.error == "the_manager may no longer read reports of this type."
    assert kept.next_at > now()


async def test_a_schedule_is_changed_switched_off_and_removed(
    app: FastAPI, manager: httpx.AsyncClient, wanted: dict[str, Any], problem_of: Problem
) -> None:
    schedule = await add(manager, wanted)
    path = f"{PATH}/{schedule['id']}"
    changed = await manager.patch(path, json={"recurrence": "freq=monthly;bymonthday=2"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["recurrence"]) == (200, "FREQ=MONTHLY;BYMONTHDAY=2")
    stale = await manager.patch(path, json={"active": False}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await manager.patch(path, json={"active": False})).json()["next_at"] is None
    assert (
        "is no occurrence"
        in problem_of(await manager.patch(path, json={"recurrence": "FREQ=WEEKLY;BYDAY=TU"}), 422)["detail"]
    )
    assert (await manager.delete(path)).status_code == 204
    assert (await manager.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("type", "tests.none", "There is no report type"),
        ("parameters", {"trouble": 3}, "trouble"),
        ("recurrence", "FREQ=HOURLY", "FREQ must be one of"),
        ("zone", "Rome", "no IANA time zone"),
        ("recipients", ["a@b.example\r\nBcc: c@d.example"], "recipients"),
        ("name", "two\nlines", "name"),
    ],
)
async def test_what_cannot_work_is_refused_when_it_is_asked_for(
    manager: httpx.AsyncClient, wanted: dict[str, Any], field: str, value: object, said: str
) -> None:
    answer = await manager.post(PATH, json=wanted | {field: value})
    assert answer.status_code in {404, 422}
    assert said in answer.text


async def test_nobody_schedules_what_they_may_not_read(
    app: FastAPI, client_for: ClientFor, manager: httpx.AsyncClient, wanted: dict[str, Any], problem_of: Problem
) -> None:
    types = app.state.reports.types
    object.__setattr__(types[TYPE], "permission", "audit.read")
    assert "audit.read" in problem_of(await manager.post(PATH, json=wanted), 403)["detail"]
    admin = await client_for(Role.ADMIN)
    schedule = await add(admin, wanted)
    assert (await manager.get(PATH)).json()["items"] == []
    assert (await manager.get(f"{PATH}/{schedule['id']}")).status_code == 404
    assert (await manager.patch(f"{PATH}/{schedule['id']}", json={"active": False})).status_code == 404
    assert (await manager.delete(f"{PATH}/{schedule['id']}")).status_code == 404
    assert await count(app, ReportLetter) == 0
