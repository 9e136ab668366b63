"""Signing in as people do it."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import BROWSER, PASSWORDS, House, OpenPage

pytestmark = BROWSER


@pytest.fixture
def printed_link(house: House) -> str:
    return house.run("user", "link", "admin")


async def test_a_link_from_the_command_line_signs_in_with_one_press(printed_link: str, open_page: OpenPage) -> None:
    page = await open_page(printed_link, person=None)
    await page.get_by_role("button", name="Sign in with this link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What is going on now?")


async def test_a_keyboard_is_enough_to_sign_in_and_be_where_one_wanted(open_page: OpenPage) -> None:
    page = await open_page("/console/jobs?status=failed", person=None)
    await expect(page.get_by_label("Username")).to_be_focused()
    await page.keyboard.type("admin")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORDS["admin"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("What is being worked on?")
    assert page.url.endswith("/console/jobs?status=failed")


async def test_signing_out_leads_to_the_form_and_back_does_not_show_the_page_again(open_page: OpenPage) -> None:
    page = await open_page("/console/jobs", person=None, scripts=False)
    await page.get_by_label("Username").fill("admin")
    await page.get_by_label("Password").fill(PASSWORDS["admin"])
    await page.keyboard.press("Enter")
    await page.locator(".top summary", has_text="admin").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
