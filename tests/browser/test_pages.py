"""Every page, in both themes and on a phone: readable, still, light, within the window, and named."""

import os
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from tests.browser.conftest import BROWSER, House, OpenPage, Visits
from tests.browser.measures import OVERFLOW, SHIFTED, TRANSFERRED, serious_findings

pytestmark = BROWSER

PAGES = {
    "overview": "/console/",
    "jobs": "/console/jobs",
    "job": "/console/jobs?type=reports.run",
    "reports": "/console/reports",
    "report": "/console/reports?status=complete",
    "report-form": "/console/reports/new?report_type=stage.table",
    "components": "/console/components",
    "not-found": "/console/nothing-here",
    "sign-in": "/console/sign-in",
}
# Of these lists the first entry is opened.
FIRST_OF = {"job": "#jobs a", "report": "#reports td a"}
# What each app says of itself on the first page comes after the page.
ARRIVED = "() => [...document.querySelectorAll('.glance')].every((each) => each.childElementCount)"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREENSHOTS = Path(os.environ.get("OPSROOM_TEST_SCREENSHOTS", "build/screenshots"))


async def visit(open_page: OpenPage, name: str, theme: str, width: int) -> Page:
    page = await open_page(PAGES[name], person=None if name == "sign-in" else "admin", theme=theme, width=width)
    await page.wait_for_function(ARRIVED)
    if name in FIRST_OF:
        await page.locator(FIRST_OF[name]).first.click()
        await page.wait_for_load_state()
    return page


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="session")
async def something_to_see(chromium: Browser, house: House) -> None:
    """A finished report and its job."""
    visits = Visits(chromium, house.url, {})
    page = await visits.open("/console/reports/new?report_type=stage.table")
    await page.get_by_role("button", name="Make the report").click()
    await page.get_by_role("link", name="Download").wait_for()
    await visits.end()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
async def test_nothing_keeps_people_out(open_page: OpenPage, name: str, theme: str) -> None:
    page = await visit(open_page, name, theme, 1280)
    assert await serious_findings(page) == []


@pytest.mark.parametrize("name", PAGES)
async def test_a_first_visit_on_a_phone_is_light_and_still_and_fits_the_window(open_page: OpenPage, name: str) -> None:
    page = await visit(open_page, name, "light", 360)
    assert await page.evaluate(OVERFLOW) == 0
    assert await page.evaluate(SHIFTED) < 0.01
    assert 0 < await page.evaluate(TRANSFERRED) < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize("theme", THEMES)
async def test_screenshots_are_kept_to_be_looked_at(open_page: OpenPage, theme: str, width: int) -> None:
    for name in PAGES:
        page = await visit(open_page, name, theme, width)
        await page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{width}.png", animations="disabled")
        await page.context.close()
