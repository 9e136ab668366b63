"""The stores app as an operator uses it: files in, a report on screen, one store's week."""

from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.browser.conftest import BROWSER, House, OpenPage
from tests.browser.measures import OVERFLOW, serious_findings

pytestmark = [*BROWSER, pytest.mark.usefixtures("imported")]

PAGES = (
    "/console/stores",
    "/console/stores/sites/s-1",
    "/console/stores/sites",
    "/console/stores/incidents",
    "/console/stores/imports",
    "/console/stores/maintenance",
    "/console/stores/sla",
    "/console/webhooks",
)


def text_of(path: Path) -> str:
    return path.read_text()


async def test_an_import_shows_what_was_refused_and_why(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/imports")
    polls = page.locator("#imports tr", has_text="store_status.csv")
    await expect(polls).to_contain_text("1 × timestamp is malformed")
    async with page.expect_download() as waiting:
        await polls.get_by_title("The refused rows as CSV").click()
    assert "yesterday" in text_of(await (await waiting.value).path())


async def test_dropped_files_find_their_fields(open_page: OpenPage, files: Path) -> None:
    page = await open_page("/console/stores/imports")
    transfer = await page.evaluate_handle(
        """() => { const all = new DataTransfer();
           for (const name of ["store_status.csv", "menu_hours.csv", "surprise.csv"])
             all.items.add(new File(["store_id"], name)); return all; }"""
    )
    await page.dispatch_event("[data-drop]", "drop", {"dataTransfer": transfer})
    assert await page.get_by_label("Polls").evaluate("each => each.files[0].name") == "store_status.csv"
    assert await page.get_by_label("Business hours").evaluate("each => each.files[0].name") == "menu_hours.csv"
    await expect(page.get_by_text("Choose a field by hand for: surprise.csv")).to_be_visible()


async def test_a_file_without_its_columns_is_refused_with_a_sentence(open_page: OpenPage, tmp_path: Path) -> None:
    wrong = tmp_path / "prices.csv"
    wrong.write_text("article,price\n1,2\n")
    page = await open_page("/console/stores/imports")
    await page.get_by_label("Polls").set_input_files(wrong)
    await page.get_by_role("button", name="Import").click()
    row = page.locator("#imports tr", has_text="prices.csv").first
    await expect(row).to_contain_text("failed")
    await expect(row).to_contain_text("prices.csv has no column for")


async def test_a_report_is_made_previewed_and_downloaded(open_page: OpenPage) -> None:
    page = await open_page("/console/reports/new?report_type=stores.uptime&observed_only=true")
    await page.get_by_role("button", name="Make the report").click()
    await expect(page.locator("main .badge")).to_have_text("complete")
    await expect(page.get_by_role("cell", name="s-1")).to_be_visible()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download").click()
    lines = text_of(await (await waiting.value).path()).splitlines()
    assert lines[0].startswith("store_id,uptime_last_hour,")
    assert [line.partition(",")[0] for line in lines[1:]] == ["s-1", "s-2"]


async def test_a_store_s_week_shows_up_down_and_unknown_in_its_own_time(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/sites/s-1")
    tuesday = page.get_by_role("img", name="Tuesday 27 October")
    await expect(tuesday).to_have_attribute("aria-label", "Tuesday 27 October: up, down")
    assert await tuesday.locator("title").all_text_contents() == [
        "up 09:00–11:00, 2 h",
        "down 11:00–13:00, 2 h",
        "up 13:00–14:00, 1 h",
    ]
    await expect(page.locator("#incidents tbody tr")).to_have_count(1)
    await expect(page.locator("#incidents")).to_contain_text("2 h")


async def test_a_store_that_does_not_exist_is_a_page_that_says_so(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/sites/nowhere")
    await expect(page.get_by_text("There is no store nowhere.")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
async def test_pages_keep_nobody_out_and_fit_a_phone(open_page: OpenPage, path: str) -> None:
    for theme in ("light", "dark"):
        page = await open_page(path, theme=theme)
        assert await serious_findings(page) == []
    phone = await open_page(path, width=360)
    assert await phone.evaluate(OVERFLOW) == 0


async def test_reading_needs_no_script(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/sites/s-1", scripts=False)
    await expect(page.get_by_role("heading", name="When was s-1 up this week?")).to_be_visible()
    await expect(page.get_by_text("Tue 27 Oct")).to_be_visible()


async def test_a_user_may_look_but_not_import(open_page: OpenPage, house: House) -> None:
    page = await open_page("/console/stores/imports", person="user")
    await expect(page.get_by_role("button", name="Import")).to_have_count(0)
