"""Asking for a report, making it, and fetching it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.settings import Settings

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]

AS_OF = datetime(2026, 1, 25, 18, 13, 22, tzinfo=UTC)
CSV = "site,hours,note\n7,1.50,fine\n8,0.33,'=1+1\n9,,\n"


class Parameters(BaseModel):
    trouble: str = ""


async def compute(parameters: Parameters, run: Run) -> ReportTable:
    await run.progress(0.5, "half way")
    if parameters.trouble:
        raise Permanent(parameters.trouble)
    frame = pl.DataFrame({"site": [7, 8, 9], "hours": [1.5, 1 / 3, None], "note": ["fine", "=1+1", None]})
    return ReportTable(frame, AS_OF, "f" * 64, "1.0", {"sites": 3})


@pytest.fixture(autouse=True)
def declared(app: FastAPI) -> None:
    for name, exclusive in (("tests.many", False), ("tests.one", True)):
        app.state.reports.types[name] = ReportType(
            name=name,
            title="Trial",
            parameters=Parameters,
            compute=compute,
            permission="stores.reports.read",
            exclusive=exclusive,
        )


async def ask(client: httpx.AsyncClient, kind: str = "tests.many", **body: Any) -> httpx.Response:
    return await client.post("/api/v1/reports", json={"type": kind, **body})


async def made(client: httpx.AsyncClient, work: Work, **body: Any) -> dict[str, Any]:
    """A report that has ended."""
    report_id = (await ask(client, **body)).json()["id"]
    await work()
    return await read(client, report_id)


async def read(client: httpx.AsyncClient, report_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/api/v1/reports/{report_id}")).json()
    return found


async def test_a_report_is_asked_for_made_and_fetched(manager: httpx.AsyncClient, work: Work) -> None:
    answer = await ask(manager)
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["requested_by"]) == ("pending", "the_manager")
    await work()
    report = await read(manager, answer.json()["id"])
    assert (report["status"], report["error"], report["row_count"]) == ("complete", None, 3)
    assert (report["as_of"], report["input_fingerprint"]) == ("2026-01-25T18:13:22Z", "f" * 64)
    assert report["summary"] == {"sites": 3}
    file = await manager.get(f"/api/v1/reports/{report['id']}/download")
    assert (file.status_code, file.text) == (200, CSV)
    assert report["size_bytes"] == len(file.content)
    part = await manager.get(f"/api/v1/reports/{report['id']}/download", headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.text) == (206, "hours")


async def test_json_says_what_was_asked_and_what_it_depends_on(manager: httpx.AsyncClient, work: Work) -> None:
    report = await made(manager, work, format="json")
    file = await manager.get(f"/api/v1/reports/{report['id']}/download")
    assert file.headers["content-type"] == "application/json"
    assert json.loads(file.text) == {
        "parameters": {"trouble": ""},
        "as_of": "2026-01-25T18:13:22+00:00",
        "input_fingerprint": "f" * 64,
        "engine_version": "1.0",
        "summary": {"sites": 3},
        "columns": ["site", "hours", "note"],
        "rows": [
            {"site": 7, "hours": 1.5, "note": "fine"},
            {"site": 8, "hours": pytest.approx(1 / 3), "note": "=1+1"},
            {"site": 9, "hours": None, "note": None},
        ],
    }


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_the_same_input_gives_the_same_bytes(manager: httpx.AsyncClient, work: Work, form: str) -> None:
    files = []
    for _ in range(2):
        report = await made(manager, work, format=form)
        files.append(await manager.get(f"/api/v1/reports/{report['id']}/download"))
    assert files[0].content == files[1].content
    assert files[0].headers["etag"] == files[1].headers["etag"]


async def test_of_twenty_who_ask_at_once_for_an_exclusive_report_one_gets_it(
    manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    answers = await asyncio.gather(*(ask(manager, "tests.one") for _ in range(20)))
    (created,) = [answer.json() for answer in answers if answer.status_code == 202]
    refusals = [problem_of(answer, 409) for answer in answers if answer.status_code != 202]
    assert len(refusals) == 19
    assert {(refusal["code"], refusal["report_id"]) for refusal in refusals} == {("report_unfinished", created["id"])}


async def test_when_an_exclusive_report_has_ended_the_next_may_begin(manager: httpx.AsyncClient, work: Work) -> None:
    for _ in range(2):
        assert (await ask(manager, "tests.one")).status_code == 202
        assert (await ask(manager, "tests.one")).status_code == 409
        await work()


async def test_a_report_cancelled_while_it_waits_has_failed_and_makes_room(
    manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    report_id = (await ask(manager, "tests.one")).json()["id"]
    cancelled = (await manager.post(f"/api/v1/reports/{report_id}/cancel")).json()
    assert (cancelled["status"], cancelled["error"]) == ("failed", "cancelled")
    assert (await ask(manager, "tests.one")).status_code == 202
    await work()
    assert (await read(manager, report_id))["status"] == "failed"
    again = await manager.post(f"/api/v1/reports/{report_id}/cancel")
    assert problem_of(again, 409)["code"] == "report_ended"


async def test_a_report_cancelled_while_it_is_made_has_failed(
    app: FastAPI, manager: httpx.AsyncClient, work: Work
) -> None:
    async def is_cancelled(parameters: Parameters, run: Run) -> ReportTable:
        assert (await manager.post(f"/api/v1/reports/{report_id}/cancel")).status_code == 200
        assert (await read(manager, report_id))["status"] == "running"
        return await compute(parameters, run)

    types = app.state.reports.types
    types["tests.many"] = replace(types["tests.many"], compute=is_cancelled)
    report_id = (await ask(manager)).json()["id"]
    await work()
    report = await read(manager, report_id)
    assert (report["status"], report["error"], report["size_bytes"]) == ("failed", "cancelled", None)


async def test_a_report_that_cannot_be_made_says_why(
    manager: httpx.AsyncClient, work: Work, problem_of: Problem
) -> None:
    report = await made(manager, work, parameters={"trouble": "There are no observations yet."})
    assert (report["status"], report["error"]) == ("failed", "There are no observations yet.")
    refused = await manager.get(f"/api/v1/reports/{report['id']}/download")
    assert "There are no observations yet." in problem_of(refused, 409)["detail"]


@pytest.fixture
def trouble(app: FastAPI) -> Callable[[str], None]:
    """Let the exclusive type fail with a sentence, or work again."""

    def change(sentence: str) -> None:
        async def troubled(_parameters: Parameters, run: Run) -> ReportTable:
            return await compute(Parameters(trouble=sentence), run)

        types = app.state.reports.types
        types["tests.one"] = replace(types["tests.one"], compute=troubled)

    return change


async def test_a_failed_report_is_made_when_its_job_is_tried_again(
    admin: httpx.AsyncClient, work: Work, trouble: Callable[[str], None]
) -> None:
    trouble("not today")
    report = await made(admin, work, kind="tests.one")
    assert report["status"] == "failed"
    trouble("")
    assert (await admin.post(f"/api/v1/jobs/{report['job_id']}/retry")).status_code == 204
    await work()
    again = await read(admin, report["id"])
    assert (again["status"], again["error"], again["row_count"]) == ("complete", None, 3)


async def test_trying_again_does_not_make_two_of_an_exclusive_type(
    admin: httpx.AsyncClient, work: Work, trouble: Callable[[str], None]
) -> None:
    trouble("not today")
    failed = await made(admin, work, kind="tests.one")
    trouble("")
    assert (await admin.post(f"/api/v1/jobs/{failed['job_id']}/retry")).status_code == 204
    newer = (await ask(admin, "tests.one")).json()
    await work()
    assert (await read(admin, newer["id"]))["status"] == "complete"
    assert (await read(admin, failed["id"]))["status"] == "failed"
    job = (await admin.get(f"/api/v1/jobs/{failed['job_id']}")).json()
    assert (job["status"], job["error"]) == ("failed", "Another report of this type is being made already.")


@pytest.mark.parametrize(("damage", "code"), [(b"site,hours\n", "artifact_corrupted"), (None, "artifact_missing")])
async def test_a_damaged_file_is_refused(
    manager: httpx.AsyncClient,
    work: Work,
    settings: Settings,
    problem_of: Problem,
    damage: bytes | None,
    code: str,
) -> None:
    report = await made(manager, work)
    (path,) = stored_files(settings)
    path.unlink() if damage is None else path.write_bytes(damage)
    answer = await manager.get(f"/api/v1/reports/{report['id']}/download")
    assert problem_of(answer, 503)["code"] == code


def stored_files(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "artifacts").rglob("*") if path.is_file()]


async def test_no_scratch_file_outlives_its_report(manager: httpx.AsyncClient, work: Work, settings: Settings) -> None:
    await made(manager, work)
    await made(manager, work, parameters={"trouble": "no"})
    assert list((settings.data_dir / "arriving").iterdir()) == []


async def test_an_unknown_type_is_refused_with_the_known_ones(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    assert "tests.many, tests.one" in problem_of(await ask(manager, "tests.none"), 404)["detail"]


async def test_parameters_are_checked_before_anything_is_kept(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    answer = await ask(manager, parameters={"trouble": ["a list"]})
    assert "trouble" in problem_of(answer, 422)["detail"]
