"""Work in progress, as somebody watches it."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect
from tests.browser.conftest import BROWSER, Gate, House, OpenPage

pytestmark = BROWSER


async def ask_for(page: Page, report_type: str) -> None:
    await page.goto(f"/console/reports/new?report_type={report_type}")
    await page.get_by_role("button", name="Make the report").click()


async def test_progress_survives_a_reload_and_ends_in_a_preview_without_one(open_page: OpenPage, gate: Gate) -> None:
    page = await open_page("/console/")
    await ask_for(page, "stage.gated")
    await expect(page.get_by_text("waiting at the gate")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("progressbar")).to_have_attribute("value", "40.0")
    gate.open()
    await expect(page.get_by_role("cell", name="site 2")).to_be_visible()
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    await expect(page.locator("main .badge")).to_have_text("complete")


async def test_a_list_shows_work_that_somebody_else_asks_for(open_page: OpenPage, gate: Gate) -> None:
    watching = await open_page("/console/jobs?status=unfinished")
    await expect(watching.get_by_text("No job fits these filters.")).to_be_visible()
    other = await open_page("/console/")
    await ask_for(other, "stage.gated")
    await expect(watching.get_by_text("waiting at the gate")).to_be_visible()
    gate.open()
    await expect(watching.get_by_text("No job fits these filters.")).to_be_visible()


async def test_a_second_run_of_an_exclusive_type_leads_to_the_first(open_page: OpenPage, gate: Gate) -> None:
    page = await open_page("/console/")
    await ask_for(page, "stage.gated")
    first = page.url
    await ask_for(page, "stage.gated")
    assert page.url == first
    await expect(page.get_by_role("status")).to_contain_text("is being made already")


async def test_cancelling_stops_the_work_and_trying_again_starts_it(open_page: OpenPage, gate: Gate) -> None:
    page = await open_page("/console/")
    await ask_for(page, "stage.gated")
    await page.get_by_role("link", name="Its job").click()
    await expect(page.get_by_text("waiting at the gate")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("main .badge")).to_have_text("cancelled")
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_a_failure_says_why_and_shows_the_traceback_to_those_who_may(open_page: OpenPage) -> None:
    page = await open_page("/console/")
    await ask_for(page, "stage.broken")
    await expect(page.get_by_text("The stage has no floor here.")).to_be_visible()
    await page.get_by_role("link", name="Its job").click()
    await expect(page.get_by_role("heading", name="Traceback")).to_be_visible()
    job = page.url
    as_user = await open_page(job, person="user")
    await expect(as_user.get_by_text("The stage has no floor here.")).to_be_visible()
    await expect(as_user.get_by_role("heading", name="Traceback")).to_have_count(0)


async def test_a_lost_connection_comes_back_by_itself(open_page: OpenPage, gate: Gate) -> None:
    page = await open_page("/console/")
    await ask_for(page, "stage.gated")
    await expect(page.get_by_text("waiting at the gate")).to_be_visible()
    await page.context.set_offline(True)
    gate.open()
    await page.context.set_offline(False)
    await expect(page.get_by_role("cell", name="site 2")).to_be_visible()


async def test_a_stream_that_did_not_begin_is_asked_for_again(open_page: OpenPage, gate: Gate) -> None:
    page = await open_page("/console/")
    refused, admitted = asyncio.Event(), asyncio.Event()

    async def refuse_once(route: Route) -> None:
        if not refused.is_set():
            refused.set()
            await route.fulfill(status=503, body="not now")
            return
        await route.continue_()
        admitted.set()

    await page.route("**/reports/*/live", refuse_once)
    await ask_for(page, "stage.gated")
    async with asyncio.timeout(60):
        await admitted.wait()
    gate.open()
    await expect(page.get_by_role("cell", name="site 2")).to_be_visible()
    assert not await page.get_by_text("not now").count()


async def test_a_stream_begins_also_when_its_script_comes_late(open_page: OpenPage, gate: Gate) -> None:
    page = await open_page("/console/sign-in?next=/console/stage")
    htmx_is_here = asyncio.Event()
    page.on("requestfinished", lambda request: htmx_is_here.set() if "htmx.min.js" in request.url else None)

    async def wait_for_htmx(route: Route) -> None:
        await htmx_is_here.wait()
        await route.continue_()

    await page.route("**/hx-sse.min.js*", wait_for_htmx)
    await ask_for(page, "stage.gated")
    await expect(page.get_by_text("waiting at the gate")).to_be_visible()
    gate.open()
    await expect(page.get_by_role("cell", name="site 2")).to_be_visible()


@pytest.mark.slow
async def test_the_same_on_postgresql(house_on_postgresql: House, open_page_on_postgresql: OpenPage) -> None:
    page = await open_page_on_postgresql("/console/")
    await ask_for(page, "stage.gated")
    await expect(page.get_by_text("waiting at the gate")).to_be_visible()
    Gate(house_on_postgresql.data_dir / "gate").open()
    await expect(page.get_by_role("cell", name="site 2")).to_be_visible()
