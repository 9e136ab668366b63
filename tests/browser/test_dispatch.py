"""Dispatch as a dispatcher uses it: orders on the board, a proposal, pins, the commit, the road."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from tests.browser.conftest import BROWSER, OpenPage
from tests.browser.measures import OVERFLOW, serious_findings

pytestmark = [*BROWSER, pytest.mark.usefixtures("orders")]

API = "/api/v1/dispatch"
NAIROBI = {"lat": -1.2921, "lon": 36.8219}
PAGES = (
    "/console/dispatch",
    "/console/dispatch/map",
    "/console/dispatch/day",
    "/console/dispatch/decisions",
    "/console/dispatch/scorecard",
)


async def send(page: Page, path: str, **record: Any) -> None:
    answer = await page.request.post(f"{API}/{path}", data=record)
    assert answer.status in {201, 409}, await answer.text()


@pytest_asyncio.fixture(loop_scope="session")
async def orders(open_page: OpenPage) -> None:
    """Two trucks and three orders, one of them too heavy for both; made once for all tests of this file."""
    page = await open_page("/console/dispatch")
    await send(page, "customers", customer_id="C-ABC", name="ABC Company", constraints={"max_wait_hours": 30})
    for key, tonnes in (("KDA-5", 5), ("KDB-10", 10)):
        await send(
            page, "vehicles", vehicle_id=key, vehicle_type=f"{tonnes}t truck", capacity_tonnes=tonnes, capacity_m3=50,
            current_location=NAIROBI, home_location=NAIROBI, fuel_cost_per_km="40", driver_cost_per_hour="300",
        )  # fmt: skip
    received = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for key, city, tonnes in (("O-1", "Nakuru", 4), ("O-2", "Eldoret", 4), ("O-3", "Kitale", 20)):
        await send(
            page, "orders", order_id=key, customer_id="C-ABC", pickup_location=NAIROBI, destination_city=city,
            weight_tonnes=tonnes, volume_m3=10, price_kes="30000", received_at=received,
        )  # fmt: skip


async def decided(page: Page, policy: str) -> None:
    await page.goto("/console/dispatch")
    await page.get_by_label("Decide now by").select_option(policy)
    await page.get_by_role("button", name="Decide").click()
    await page.get_by_role("link", name="Look at the proposal").click()
    await expect(page.get_by_role("heading", name="What goes now, and what waits?")).to_be_visible()


async def test_a_proposal_is_asked_for_understood_changed_and_committed(open_page: OpenPage) -> None:
    page = await open_page("/console/dispatch")
    await expect(page.locator("#order-O-1")).to_contain_text("can wait")
    await decided(page, "greedy")
    heavy = page.locator("#why #order-O-3")
    await expect(heavy).to_contain_text("cannot go")
    await heavy.get_by_text("each vehicle was tried").click()
    await expect(heavy).to_contain_text("carries 20000 kg")
    await expect(page.locator("#alternatives tr", has_text="lazy")).to_contain_text("keeps")
    await expect(page.locator(".map .route")).to_have_count(1)
    # Apart, by a word of the dispatcher.
    first = page.locator("#why #order-O-1")
    await first.get_by_text("Pin").click()
    await first.get_by_label("Vehicle for O-1").select_option("KDA-5")
    await first.get_by_role("button", name="Only this").click()
    await expect(page.get_by_role("status").filter(has_text="O-1 goes with KDA-5")).to_be_visible()
    await decided(page, "greedy")
    await expect(page.locator("#why #order-O-1")).to_contain_text("goes with KDA-5")
    await page.locator(".route-card").first.hover()
    await expect(page.locator(".map [data-lit]")).to_have_count(1)
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Commit").click()
    await expect(page.get_by_text("orders are sent")).to_be_visible()
    await page.goto("/console/dispatch/map")
    await expect(page.locator(".route-card", has_text="O-1")).to_contain_text("KDA-5")


async def test_a_user_may_look_but_not_commit(open_page: OpenPage) -> None:
    page = await open_page("/console/dispatch", person="user")
    await decided(page, "lazy")
    await expect(page.get_by_role("button", name="Commit")).to_have_count(0)
    await expect(page.get_by_text("Pin", exact=True)).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_keep_nobody_out_and_fit_a_phone(open_page: OpenPage, path: str) -> None:
    for theme in ("light", "dark"):
        page = await open_page(path, theme=theme)
        assert await serious_findings(page) == []
    phone = await open_page(path, width=360)
    assert await phone.evaluate(OVERFLOW) == 0


async def test_reading_needs_no_script(open_page: OpenPage) -> None:
    page = await open_page("/console/dispatch", scripts=False)
    await expect(page.locator("#board, .notice-empty").first).to_be_visible()
