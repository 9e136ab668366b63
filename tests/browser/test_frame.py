"""The frame: theme, zone, keys, a page without scripts, paper, and the documentation without a network."""

import re

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import BROWSER, OpenPage

pytestmark = BROWSER

GROUND = "() => getComputedStyle(document.documentElement).backgroundColor"
DARK, LIGHT = "rgb(15, 17, 21)", "rgb(247, 247, 248)"


async def test_the_theme_follows_the_system_until_somebody_chooses(open_page: OpenPage) -> None:
    page = await open_page("/console/", theme="dark")
    assert await page.evaluate(GROUND) == DARK
    await page.get_by_label("Theme").click()
    await page.get_by_role("button", name="Light").click()
    assert await page.evaluate(GROUND) == LIGHT
    await page.reload()
    assert await page.evaluate(GROUND) == LIGHT
    await page.get_by_label("Theme").click()
    await page.get_by_role("button", name="As the system").click()
    assert await page.evaluate(GROUND) == DARK


# 2026-03-29 00:30 UTC: half an hour before the clocks of Berlin go forward.
@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Africa/Nairobi", "2026-03-29 03:30:00"),
        ("Europe/Berlin", "2026-03-29 01:30:00"),
        ("America/Chicago", "2026-03-28 19:30:00"),
        ("Australia/Adelaide", "2026-03-29 11:00:00"),
    ],
)
async def test_times_are_in_the_zone_of_the_browser(open_page: OpenPage, zone: str, shown: str) -> None:
    page = await open_page("/console/stage", zone=zone)
    time = page.locator("main time")
    await expect(time).to_have_text(shown)
    await expect(page.get_by_label("Clock and time zone")).to_contain_text(zone)
    first = await page.locator("main time").text_content()
    await page.reload()
    # From the second page on the server itself knows the zone.
    assert await page.locator("main time").text_content() == first == shown


async def test_a_chosen_zone_is_kept_and_the_exact_instant_shows_on_hover(open_page: OpenPage) -> None:
    page = await open_page("/console/stage")
    await page.get_by_label("Clock and time zone").click()
    await page.get_by_role("button", name="UTC", exact=True).click()
    await expect(page.locator("main time")).to_have_text("2026-03-29 00:30:00")
    await page.reload()
    await expect(page.locator("main time")).to_have_text("2026-03-29 00:30:00")
    await expect(page.locator("main time")).to_have_attribute("title", "2026-03-29 00:30:00 UTC")


async def test_keys_walk_through_a_list_and_open_an_entry(open_page: OpenPage) -> None:
    page = await open_page("/console/reports/new?report_type=stage.table")
    await page.get_by_role("button", name="Make the report").click()
    await page.get_by_role("link", name="Download").wait_for()
    await page.goto("/console/reports")
    await page.keyboard.press("j")
    await expect(page.locator("#reports tbody a").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".crumbs")).to_contain_text("Reports")


async def test_the_skip_link_is_the_first_stop_of_the_keyboard(open_page: OpenPage) -> None:
    page = await open_page("/console/jobs")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_a_phone_reaches_every_page_through_the_menu(open_page: OpenPage) -> None:
    page = await open_page("/console/", width=360)
    await expect(page.locator("nav.rail")).to_be_hidden()
    await page.locator("summary[aria-label=Pages]").click()
    await page.get_by_role("navigation", name="Pages (menu)").get_by_role("link", name="Jobs").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What is being worked on?")


async def test_without_scripts_a_report_can_be_asked_for_and_read(open_page: OpenPage) -> None:
    page = await open_page("/console/reports/new?report_type=stage.table", scripts=False)
    await page.get_by_label("Rows").fill("7")
    await page.get_by_label("Shade").select_option("dark")
    await page.get_by_role("button", name="Make the report").click()
    await reload_until(page, "complete")
    await expect(page.get_by_role("cell", name="site 6")).to_be_visible()
    await expect(page.get_by_text("rows 7 · shade dark")).to_be_visible()


async def reload_until(page: Page, word: str) -> None:
    badge = page.locator("main .badge").first
    while await badge.text_content() != word:
        await page.reload()


async def test_paper_shows_the_content_without_the_frame(open_page: OpenPage) -> None:
    page = await open_page("/console/components", theme="dark")
    await page.emulate_media(media="print", color_scheme="light")
    await expect(page.locator(".top")).to_be_hidden()
    await expect(page.locator("nav.rail")).to_be_hidden()
    await expect(page.get_by_role("cell", name="Nakuru 4")).to_be_visible()


async def test_the_reader_of_the_api_works_from_our_own_files(open_page: OpenPage) -> None:
    page = await open_page("/docs")
    await page.get_by_role("link", name="reports", exact=True).click()
    await expect(page.get_by_text("/api/v1/reports/{report_id}/download")).to_be_visible()


async def test_a_link_to_one_operation_opens_it_and_no_other(open_page: OpenPage) -> None:
    page = await open_page("/docs#/reports/read_report")
    opened = page.locator("#operations-reports-read_report")
    await expect(opened).to_have_class(re.compile("is-open"))
    await expect(opened).to_be_in_viewport()
    await expect(page.locator(".opblock.is-open")).to_have_count(1)


async def test_an_operation_that_is_opened_has_a_link_that_opens_it_again(open_page: OpenPage) -> None:
    page = await open_page("/docs")
    await page.get_by_role("link", name="reports", exact=True).click()
    await page.locator("#operations-reports-read_report .opblock-summary-control").click()
    await expect(page).to_have_url(re.compile(r"/docs#/reports/read_report$"))
    await page.reload()
    await expect(page.locator("#operations-reports-read_report")).to_have_class(re.compile("is-open"))
