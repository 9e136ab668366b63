"""Maintenance, service levels, incidents and webhooks, as somebody who works with them all day."""

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import BROWSER, OpenPage

pytestmark = [*BROWSER, pytest.mark.usefixtures("imported")]


async def declare(page: Page, title: str, start: str, end: str) -> None:
    await page.get_by_label("What", exact=True).fill(title)
    await page.get_by_label("Store optional", exact=True).fill("s-2")
    await page.get_by_label("From", exact=True).fill(start)
    await page.get_by_label("Until", exact=True).fill(end)
    await page.get_by_role("button", name="Declare").click()


async def test_maintenance_declared_afterwards_excuses_and_withdrawn_counts_again(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/maintenance")
    await declare(page, "Rewiring", "2026-10-27T20:00", "2026-10-27T20:30")
    await expect(page.get_by_role("status")).to_contain_text("Declared")
    await expect(page.locator("table.month")).to_contain_text("20:00–20:30 Rewiring")

    week = await open_page("/console/stores/sites/s-2")
    tuesday = week.get_by_role("img", name="Tuesday 27 October")
    await expect(tuesday.locator("title").filter(has_text="excused")).to_have_text("excused 20:00–20:30, 30 min")

    page.on("dialog", lambda dialog: dialog.accept())
    row = page.get_by_role("row", name="Rewiring").filter(has=page.get_by_role("button", name="Withdraw"))
    await row.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_role("status")).to_contain_text("Withdrawn")
    await week.reload()
    await expect(tuesday.locator("title").filter(has_text="excused")).to_have_count(0)


async def test_maintenance_that_ends_before_it_begins_is_refused_and_what_was_typed_stays(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/maintenance")
    await declare(page, "Backwards", "2026-10-27T21:00", "2026-10-27T20:00")
    await expect(page.get_by_role("alert")).to_contain_text("end_local must be after start_local")
    await expect(page.get_by_label("What", exact=True)).to_have_value("Backwards")


async def state(page: Page, month: str) -> None:
    await page.get_by_label("Month").fill(month)
    await page.get_by_label("Why by hand").fill("asked by the auditor")
    await page.get_by_role("button", name="Issue or revise").click()


async def test_a_promise_shows_its_budget_and_states_only_months_that_are_over(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/sla")
    await page.get_by_label("Name").fill("Both stores")
    await page.get_by_label("Target, %").fill("60")
    await page.get_by_label("From", exact=False).last.fill("2026-09-01")
    await page.get_by_role("button", name="Promise").click()
    await expect(page.get_by_role("heading", name="Is “Both stores” kept?")).to_be_visible()
    await expect(page.locator("#stores")).to_contain_text("s-1")
    policy = page.url
    await state(page, "2026-09")
    await expect(page.locator("main .badge").first).to_have_text("succeeded")
    await page.goto(policy)
    await expect(page.locator("#statements tbody tr")).to_have_count(1)
    await expect(page.locator("#statements")).to_contain_text("not known")
    await state(page, "2026-10")
    await expect(page.locator("main .badge").first).to_have_text("failed")
    await expect(page.locator("main")).to_contain_text("The month is not over as far as the polls go")


async def test_incidents_are_filtered_by_state_and_window(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/incidents")
    await expect(page.locator("#incidents tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="still down").click()
    await expect(page.get_by_text("No incident", exact=True)).to_be_visible()
    await page.get_by_role("link", name="over", exact=True).click()
    await page.locator("#incidents").get_by_role("link", name="s-1").click()
    await expect(page.get_by_role("heading", name="When was s-1 up this week?")).to_be_visible()


async def test_keys_walk_the_list_of_sites(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/sites?q=s-")
    await expect(page.locator("#stores tbody tr")).to_have_count(2)
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="When was s-1 up this week?")).to_be_visible()


async def test_a_chosen_zone_is_the_one_that_instants_are_shown_in(open_page: OpenPage) -> None:
    page = await open_page("/console/stores/incidents", zone="UTC")
    began = page.locator("#incidents tbody time").first
    await expect(began).to_have_text("2026-10-27 15:00")
    await page.locator("summary", has=page.locator("[data-zone-name]")).click()
    await page.get_by_role("button", name="America/Chicago").click()
    await expect(began).to_have_text("2026-10-27 10:00")
    await page.reload()
    await expect(began).to_have_text("2026-10-27 10:00")


async def test_an_endpoint_is_added_its_secret_shown_once_and_it_is_switched_off_and_removed(
    open_page: OpenPage,
) -> None:
    page = await open_page("/console/webhooks")
    await page.get_by_label("URL").fill("https://hooks.example.com/opsroom")
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("pre, code").first).to_contain_text("whsec_")
    await page.get_by_role("link", name="I have kept it").click()
    row = page.get_by_role("row", name="https://hooks.example.com/opsroom")
    await row.get_by_role("button", name="Off").click()
    await expect(row).to_contain_text("off")
    page.on("dialog", lambda dialog: dialog.accept())
    await row.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("Nobody is told yet")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/console/stores/maintenance", "/console/stores/sla", "/console/stores/imports", "/console/webhooks"]
)
async def test_who_may_only_look_is_offered_no_form(open_page: OpenPage, path: str) -> None:
    page = await open_page(path, person="user")
    await expect(page.locator("main form")).to_have_count(0)
