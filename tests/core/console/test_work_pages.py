"""Jobs and reports as pages, by HTTP alone: what is asked for, worked on, shown and refused."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import polars as pl
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import select

from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.jobs.models import Job
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.core.reports.models import Report

Work = Callable[[], Awaitable[None]]


class Rows(BaseModel):
    rows: int = Field(3, ge=1, le=1000)


async def table(parameters: Rows, run: Run) -> ReportTable:
    if parameters.rows == 666:
        raise Permanent("The number of the beast is not counted.")
    await run.progress(0.5, "half way")
    frame = pl.DataFrame({"site": [f"site {at}" for at in range(parameters.rows)], "hours": [1.5] * parameters.rows})
    return ReportTable(frame, datetime(2026, 11, 1, tzinfo=UTC), "f" * 64, "1.0", {"sites": parameters.rows})


@pytest.fixture(autouse=True)
def declared(app: FastAPI) -> None:
    for each in (
        ReportType("test.rows", "How many rows?", Rows, table, "reports.read"),
        ReportType("test.one", "Only one at a time?", Rows, table, "reports.read", exclusive=True),
        ReportType("test.secret", "What may few know?", Rows, table, "users.write"),
    ):
        app.state.reports.types[each.name] = each


async def ask(client: httpx.AsyncClient, report_type: str = "test.rows", **fields: str) -> httpx.Response:
    return await client.post("/console/reports", data={"report_type": report_type, **fields})


async def test_a_report_goes_from_form_to_preview(lead: httpx.AsyncClient, work: Work) -> None:
    form = await lead.get("/console/reports/new?report_type=test.rows")
    assert 'name="rows"' in form.text
    asked = await ask(lead, rows="60")
    assert asked.status_code == 303
    waiting = await lead.get(asked.headers["location"])
    assert "pending" in waiting.text
    assert "hx-sse:connect" in waiting.text
    await work()
    done = (await lead.get(asked.headers["location"])).text
    assert "The first 50 of 60 rows" in done
    assert "site 49" in done
    assert "site 50" not in done
    assert "hx-sse:connect" not in done
    listed = (await lead.get("/console/reports?type=test.rows&status=complete")).text
    assert "How many rows?" in listed
    assert "/download" in listed


async def test_the_finished_file_is_downloaded_with_the_cookie(lead: httpx.AsyncClient, work: Work) -> None:
    asked = await ask(lead, rows="2")
    await work()
    page = (await lead.get(asked.headers["location"])).text
    href = page.partition('href="/api/v1/reports/')[2].partition('"')[0]
    file = await lead.get(f"/api/v1/reports/{href}")
    assert file.text == "site,hours\nsite 0,1.50\nsite 1,1.50\n"


async def test_a_wrong_parameter_is_said_at_its_field_and_nothing_is_asked(
    app: FastAPI, lead: httpx.AsyncClient
) -> None:
    answer = await ask(lead, rows="0")
    assert answer.status_code == 422
    assert "greater than or equal to 1" in answer.text
    assert 'value="0"' in answer.text
    async with app.state.database.reading() as connection:
        assert (await connection.execute(select(Report.id))).all() == []


async def test_a_second_exclusive_run_leads_to_the_first(lead: httpx.AsyncClient) -> None:
    first = (await ask(lead, "test.one")).headers["location"]
    second = await ask(lead, "test.one")
    assert (second.status_code, second.headers["location"]) == (303, first)
    assert "is being made already" in (await lead.get(first)).text
    assert "is being made already" not in (await lead.get(first)).text


async def test_what_a_person_may_not_read_is_not_there(
    app: FastAPI, lead: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    assert (await ask(lead, "test.secret")).status_code == 404
    assert "What may few know?" not in (await lead.get("/console/reports")).text
    async with app.state.database.transaction() as session:
        hidden = Report(type="test.secret", format="csv", parameters={}, requested_by="admin")
        session.add(hidden)
    assert (await lead.get(f"/console/reports/{hidden.id}")).status_code == 404
    assert str(hidden.id) not in (await lead.get("/console/reports")).text
    assert (await lead.post(f"/console/reports/{hidden.id}/cancel")).status_code == 404


async def test_a_reader_sees_reports_and_gets_no_buttons(lead: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    location = (await ask(lead)).headers["location"]
    page = (await reader.get(location)).text
    assert "How many rows?" in page
    assert "Cancel" not in page
    assert (await reader.post(f"{location}/cancel")).status_code == 403
    assert (await ask(reader)).status_code == 403


async def test_cancelling_a_waiting_report_ends_it_and_its_job(lead: httpx.AsyncClient) -> None:
    location = (await ask(lead)).headers["location"]
    assert (await lead.post(f"{location}/cancel")).status_code == 303
    assert "cancelled" in (await lead.get(location)).text
    again = await lead.post(f"{location}/cancel")
    assert again.status_code == 409
    assert "has ended already" in again.text


async def test_a_failed_job_says_why_and_its_traceback_only_to_those_who_may_act(
    app: FastAPI, lead: httpx.AsyncClient, reader: httpx.AsyncClient, work: Work
) -> None:
    await ask(lead, rows="666")
    await work()
    async with app.state.database.reading() as connection:
        job_id = (await connection.execute(select(Job.id))).scalar_one()
    path = f"/console/jobs/{job_id}"
    for client, sees in ((lead, True), (reader, False)):
        page = (await client.get(path)).text
        assert "The number of the beast is not counted." in page
        assert ("Traceback" in page) is sees
        assert ("Try again" in page) is sees
    assert (await lead.post(f"{path}/retry")).status_code == 303
    assert "queued" in (await lead.get(path)).text


async def test_lists_are_read_page_by_page_without_gaps(app: FastAPI, lead: httpx.AsyncClient) -> None:
    async with app.state.database.transaction() as session:
        for _each in range(120):
            session.add(Job(type="test.many", payload={}))
    seen: list[str] = []
    path = "/console/jobs?type=test.many"
    while path:
        page = (await lead.get(path)).text
        seen += [part.partition('"')[0] for part in page.split('<tr id="job-')[1:]]
        path = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        path = f"/console/jobs{path}" if path else ""
    assert len(seen) == len(set(seen)) == 120
    assert [UUID(each) for each in seen] == sorted(map(UUID, seen), reverse=True)


@pytest.mark.parametrize("path", ["/console/jobs?status=odd", "/console/reports?status=odd", "/console/jobs?before=x"])
async def test_an_unknown_filter_is_refused_with_what_is_known(lead: httpx.AsyncClient, path: str) -> None:
    answer = await lead.get(path)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("query", ["", "?status=unfinished", "?status=failed&type=test.rows"])
@pytest.mark.parametrize("things", ["jobs", "reports"])
async def test_a_list_names_the_call_of_the_api_that_gives_the_same(
    lead: httpx.AsyncClient, things: str, query: str
) -> None:
    await ask(lead)
    page = (await lead.get(f"/console/{things}{query}")).text
    call = page.partition('data-copy-address="')[2].partition('"')[0].replace("&amp;", "&")
    listed = [item["id"] for item in (await lead.get(call)).json()["items"]]
    assert [part.partition('"')[0] for part in page.split(f'<tr id="{things[:-1]}-')[1:]] == listed


async def test_a_stream_of_an_ended_job_gives_its_last_state_and_ends(lead: httpx.AsyncClient, work: Work) -> None:
    location = (await ask(lead)).headers["location"]
    await work()
    stream = await lead.get(f"{location}/live")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in stream.headers
    assert "site 2" in stream.text
    assert stream.text.endswith("event: end\ndata: \n\n")


async def test_what_is_not_there_is_said_with_its_name(lead: httpx.AsyncClient) -> None:
    nothing = "0197aaaa-0000-7000-8000-000000000000"
    for things in ("job", "report"):
        answer = await lead.get(f"/console/{things}s/{nothing}")
        assert answer.status_code == 404
        assert f"There is no {things} {nothing}" in answer.text


async def test_names_from_outside_are_text_and_never_markup(app: FastAPI, lead: httpx.AsyncClient) -> None:
    async with app.state.database.transaction() as session:
        session.add(Job(type="test.odd", payload={}, requested_by="<script>alert(1)</script>", error="<b>bold</b>"))
    page = (await lead.get("/console/jobs")).text
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page
