"""Lists, records and forms made from declarations: by keyboard, by mouse, on a phone, and without scripts."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import BROWSER, House, OpenPage, Visits
from tests.browser.measures import OVERFLOW, SHIFTED, TRANSFERRED, serious_findings

pytestmark = BROWSER

STORES, WINDOWS = "/console/r/stores", "/console/r/maintenance-windows"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREENSHOTS = Path(os.environ.get("OPSROOM_TEST_SCREENSHOTS", "build/screenshots"))
WINDOW = {"scope": "all", "start_local": "2026-11-24T02:00:00", "end_local": "2026-11-24T04:00:00"}

PAGES = {
    "records": STORES,
    "records-filtered": f"{STORES}?zone__isnull=false&q=depot&order=-name",
    "records-nothing": f"{STORES}?q=nothing-like-this",
    "records-refused": f"{STORES}?created_at__gte=soon",
    "record": f"{STORES}/depot-001",
    "record-history": f"{STORES}/depot-001/history",
    "record-edit": f"{STORES}/depot-001/edit",
    "record-new": f"{WINDOWS}/new",
    "records-import": f"{STORES}/import",
    "records-nested": f"{STORES}/depot-001/hours",
    "users": "/console/r/users",
    "user": "/console/r/users/user",
    "audit": "/console/audit",
    "audit-entry": "/console/audit/1",
    "search": "/console/search?q=depot",
    "health": "/console/health",
    "admin": "/console/admin",
}


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="session")
async def sixty_stores(chromium: Browser, house: House) -> AsyncIterator[None]:
    """One of them with a name, a zone and a shift, and two maintenance windows."""
    visits = Visits(chromium, house.url, {})
    page = await visits.open("/console/")
    rows: list[dict[str, Any]] = [{"external_id": f"depot-{number:03}", "group": "north"} for number in range(60)]
    rows[1] |= {"name": "Old Town", "zone": "Africa/Nairobi", "tags": {"brand": "A"}}
    await post(page, "/api/v1/stores/bulk", {"create": rows})
    shift = {"day_of_week": 0, "start_time_local": "09:00:00", "end_time_local": "21:00:00"}
    await post(page, "/api/v1/stores/depot-001/hours", shift)
    for title in ("Depot tills", "Depot cables"):
        await post(page, "/api/v1/stores/maintenance-windows", WINDOW | {"title": title})
    yield
    await visits.end()


async def post(page: Page, path: str, body: Any) -> None:
    answer = await page.request.post(path, data=body)
    assert answer.ok, await answer.text()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", PAGES)
async def test_nothing_bars_the_way_to_anybody(open_page: OpenPage, name: str, theme: str) -> None:
    page = await open_page(PAGES[name], theme=theme)
    assert await serious_findings(page) == []


@pytest.mark.parametrize("name", PAGES)
async def test_a_first_visit_on_a_phone_is_light_and_still_and_fits_the_window(open_page: OpenPage, name: str) -> None:
    page = await open_page(PAGES[name], width=360)
    assert await page.evaluate(OVERFLOW) == 0
    assert await page.evaluate(SHIFTED) < 0.01
    assert 0 < await page.evaluate(TRANSFERRED) < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280, 1920])
@pytest.mark.parametrize("theme", THEMES)
async def test_screenshots_are_kept_to_be_looked_at(open_page: OpenPage, theme: str, width: int) -> None:
    for name, path in PAGES.items():
        page = await open_page(path, theme=theme, width=width)
        await page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{width}.png")


async def test_a_list_is_walked_and_a_record_opened_by_keys_alone(open_page: OpenPage) -> None:
    page = await open_page(f"{STORES}?order=external_id")
    for key in ("j", "j", "j", "k"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("link", name="depot-001")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("depot-001")
    await expect(page.locator("main")).to_contain_text("Old Town")
    await expect(page.get_by_role("link", name="Hours").first).to_be_visible()


async def test_a_slash_searches_everything(open_page: OpenPage) -> None:
    page = await open_page(STORES)
    await page.keyboard.press("/")
    await page.keyboard.type("old town")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="depot-001").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("depot-001")


async def test_a_list_is_ordered_by_its_heads_and_goes_on_page_by_page(open_page: OpenPage) -> None:
    page = await open_page(f"{STORES}?group=north")
    head = page.get_by_role("columnheader", name="External ID")
    await head.get_by_role("link").click()
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await expect(page.get_by_text("50 of 60")).to_be_visible()
    await page.get_by_role("link", name="Next").click()
    await expect(page.locator("tbody tr").first).to_contain_text("depot-050")
    await expect(page.locator("tbody tr")).to_have_count(10)
    await page.get_by_role("link", name="First").click()
    await expect(page.locator("tbody tr").first).to_contain_text("depot-000")
    await head.get_by_role("link").click()
    await expect(page.locator("tbody tr").first).to_contain_text("depot-059")


async def test_a_filter_is_added_said_and_taken_away(open_page: OpenPage) -> None:
    page = await open_page(STORES)
    await page.get_by_text("Filter", exact=True).click()
    await page.get_by_label("Which").select_option(label="Name contains …")
    await page.get_by_label("Value").fill("old")
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert page.url.endswith("?name__icontains=old")
    await page.get_by_role("link", name="Name contains old").click()
    await expect(page.locator("tbody tr")).to_have_count(50)


async def test_chosen_columns_stay(open_page: OpenPage) -> None:
    page = await open_page(STORES)
    await page.get_by_text("Columns", exact=True).click()
    for label in ("Name", "Zone", "Group", "Active", "Updated at"):
        await page.get_by_role("checkbox", name=label, exact=True).uncheck()
    await page.get_by_role("checkbox", name="Tags").check()
    await page.get_by_role("button", name="Show").click()
    for _ in range(2):
        await expect(page.get_by_role("columnheader")).to_have_text(["External ID", "Tags"])
        await page.goto(STORES)


async def test_a_record_is_made_changed_and_deleted(open_page: OpenPage) -> None:
    page = await open_page(WINDOWS)
    await page.get_by_role("link", name="New maintenance window").first.click()
    await page.get_by_label("Title").fill("Roof")
    await page.get_by_label("Scope").select_option("all")
    await page.get_by_label("Start local").fill("2026-12-01T02:00")
    await page.get_by_label("End local").fill("2026-12-01T01:00")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("end_local must be after start_local")
    await page.get_by_label("End local").fill("2026-12-01T05:00")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Roof")
    await expect(page.locator("main")).to_contain_text("2026-12-01 05:00")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("Title").fill("Roof and doors")
    await page.get_by_label("Why").fill("the doors too")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="History").click()
    newest = page.locator(".happening").first
    await expect(newest).to_contain_text("the doors too")
    await expect(newest.locator("del")).to_have_text("Roof")
    await expect(newest.locator("ins")).to_have_text("Roof and doors")
    await page.get_by_role("link", name="Record", exact=True).click()
    await page.get_by_role("link", name="Delete").click()
    await page.get_by_label("Why").fill("a test")
    await page.get_by_role("button", name="Delete Roof and doors").click()
    await expect(page.get_by_role("status")).to_have_text("Roof and doors was deleted.")


async def test_two_people_change_one_record_and_neither_is_overwritten(open_page: OpenPage) -> None:
    first = await open_page(f"{STORES}/depot-002/edit")
    second = await open_page(f"{STORES}/depot-002/edit")
    await second.get_by_label("Name").fill("Their name")
    await second.get_by_role("button", name="Save").click()
    await first.get_by_label("Group").fill("south")
    await first.get_by_role("button", name="Save").click()
    await expect(first.get_by_role("alert").first).to_contain_text("Somebody else changed this meanwhile")
    await expect(first.locator(".happening")).to_contain_text("Their name")
    await expect(first.get_by_label("Name")).to_have_value("Their name")
    await expect(first.get_by_label("Group")).to_have_value("south")
    assert await serious_findings(first) == []
    await first.get_by_role("button", name="Save").click()
    await expect(first.locator("main")).to_contain_text("Their name")
    await expect(first.locator("main")).to_contain_text("south")


async def test_rows_are_selected_by_key_and_deleted_together(open_page: OpenPage) -> None:
    page = await open_page(f"{WINDOWS}?title__startswith=Depot")
    button = page.get_by_role("button", name="Delete selected …")
    await expect(button).to_be_disabled()
    for key in ("j", "x", "j", "x", "x"):
        await page.keyboard.press(key)
    await expect(page.get_by_text("1 selected")).to_be_visible()
    await page.get_by_label("Select all shown").check()
    await expect(page.get_by_text("2 selected")).to_be_visible()
    await button.click()
    await page.get_by_label("Why").fill("both are done")
    await page.get_by_role("button", name="Delete 2 maintenance windows").click()
    await expect(page.get_by_role("status")).to_have_text("2 deleted.")


async def test_without_scripts_records_are_found_made_and_filtered(open_page: OpenPage) -> None:
    page = await open_page(STORES, scripts=False)
    await page.get_by_role("link", name="New store").click()
    await page.get_by_label("External ID").fill("by hand")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("by hand")
    await page.get_by_role("link", name="Stores", exact=True).last.click()
    await page.get_by_label("Search stores").fill("by hand")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_text("Filter", exact=True).click()
    await page.get_by_label("Which").select_option(label="Active is no")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Nothing fits")).to_be_visible()
    await page.get_by_role("link", name="Clear").click()
    await expect(page.locator("tbody tr")).to_have_count(50)


async def test_on_a_phone_a_record_is_found_read_and_changed(open_page: OpenPage) -> None:
    page = await open_page("/console/", width=360)
    await page.get_by_role("link", name="Search everything").click()
    await page.locator("main").get_by_label("Search everything").fill("depot-003")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="depot-003").click()
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("Name").fill("Small")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("main")).to_contain_text("Small")
    assert await page.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize("menu", ["Filter", "Columns"])
async def test_on_a_phone_the_menus_of_a_list_stay_in_the_window(open_page: OpenPage, menu: str) -> None:
    page = await open_page(STORES, width=360)
    await page.get_by_text(menu, exact=True).click()
    box = await page.locator("details[open] .menu-panel").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


async def test_who_may_only_read_is_offered_nothing_else(open_page: OpenPage) -> None:
    page = await open_page(f"{STORES}/depot-001", person="user")
    await expect(page.get_by_role("link", name="History")).to_be_visible()
    await expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    await page.goto(f"{STORES}/depot-001/edit")
    await expect(page.get_by_role("heading", name="You may not see this")).to_be_visible()
