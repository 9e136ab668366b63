"""The forms around the board: an order cancelled with its reason, and what was learned put in and out of force."""

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import text
from tests.browser.conftest import BROWSER, House, OpenPage
from tests.browser.measures import OVERFLOW, serious_findings

from opsroom.core.db.engine import Database

pytestmark = BROWSER

API = "/api/v1/dispatch"
NAIROBI = {"lat": -1.2921, "lon": 36.8219}
SCORECARD = "/console/dispatch/scorecard"
POLICY = """INSERT OR IGNORE INTO learned_policies (id, number, policy, kind, status, parameters, waiting_values,
trained_on, held_out, cost_before, cost_after, difference_low, difference_high, reason) VALUES
('00000000000070008000000000000001', 1, 'pfa', 'pfa', 'active', '{"fill": 0.65, "slack": 0}', '[]', 4, 20, 100, 90,
-15, -5, 'better')"""
CORRECTION = """INSERT OR IGNORE INTO travel_corrections (id, number, status, factors, hour_factors, vehicle_factors,
overall_factor, trained_on, held_out, error_before, error_after, reason) VALUES
('00000000000070008000000000000002', 1, 'refused', '[{"origin": "Nairobi", "destination": "Nakuru", "factor": 1.2,
"observations": 9}]', '[]', '[]', 1.1, 30, 10, 0.11, 0.12, 'not better')"""


@pytest_asyncio.fixture(loop_scope="session")
async def learned(house: House) -> None:
    """A policy in force and a correction that was refused, as learning leaves them."""
    database = Database(f"sqlite:///{house.data_dir / 'opsroom.db'}")
    async with database.transaction() as session:
        for statement in (POLICY, CORRECTION):
            await session.execute(text(statement.replace(":", r"\:")))
    await database.close()


async def give_order(page: Page, key: str) -> None:
    customer = {"customer_id": "C-CANCELS", "name": "Customer who cancels"}
    await page.request.post(f"{API}/customers", data=customer)
    order = {
        "order_id": key, "customer_id": "C-CANCELS", "pickup_location": NAIROBI, "destination_city": "Nakuru",
        "weight_tonnes": 1, "volume_m3": 2, "price_kes": "9000",
    }  # fmt: skip
    answer = await page.request.post(f"{API}/orders", data=order)
    assert answer.status == 201, await answer.text()


async def test_an_order_is_cancelled_on_the_board_with_a_reason(open_page: OpenPage) -> None:
    page = await open_page("/console/dispatch")
    await give_order(page, "O-CANCEL")
    await page.reload()
    row = page.locator("#order-O-CANCEL")
    await row.get_by_text("Cancel", exact=True).click()
    assert await serious_findings(page) == []
    await row.get_by_role("button", name="Cancel this order").click()
    await expect(row).to_be_visible()  # the browser asks for the reason first
    await row.get_by_label("Why O-CANCEL is cancelled").fill("bought elsewhere")
    await row.get_by_role("button", name="Cancel this order").click()
    await expect(page.get_by_role("status").filter(has_text="O-CANCEL is cancelled")).to_be_visible()
    await expect(row).to_have_count(0)
    told = await (await page.request.get(f"{API}/orders/O-CANCEL")).json()
    assert (told["status"], told["cancelled_reason"]) == ("cancelled", "bought elsewhere")


async def test_who_may_not_write_orders_is_offered_no_cancelling(open_page: OpenPage) -> None:
    boss = await open_page("/console/dispatch")
    await give_order(boss, "O-STAYS")
    page = await open_page("/console/dispatch", person="user")
    await expect(page.locator("#order-O-STAYS")).to_be_visible()
    await expect(page.get_by_text("Cancel", exact=True)).to_have_count(0)
    refused = await page.request.post("/console/dispatch/orders/O-STAYS/cancel", form={"reason": "because"})
    assert refused.status == 403
    await boss.request.post(f"{API}/orders/O-STAYS/cancel", data={"reason": "the test is over"})


@pytest.mark.usefixtures("learned")
async def test_what_was_learned_is_put_in_and_out_of_force(open_page: OpenPage) -> None:
    page = await open_page(SCORECARD)
    policy = page.locator("#learned tr", has_text="fill 0.65")
    await policy.get_by_role("button", name="Take out").click()
    await expect(page.get_by_role("status").filter(has_text="Version 1 of pfa is retired")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    await policy.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_role("status").filter(has_text="Version 1 of pfa is active")).to_be_visible()
    correction = page.locator("#corrections tr", has_text="1 corridors")
    await expect(correction).to_contain_text("not better")
    await correction.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_role("status").filter(has_text="Correction 1 is active")).to_be_visible()
    await correction.get_by_role("button", name="Take out").click()
    await expect(page.get_by_role("status").filter(has_text="Correction 1 is retired")).to_be_visible()


async def test_learning_asked_for_says_what_became_of_it(open_page: OpenPage) -> None:
    page = await open_page(SCORECARD)
    await page.get_by_role("button", name="Learn from the drives so far").click()
    await expect(page.get_by_text("there are too few drives to learn from")).to_be_visible()


@pytest.mark.usefixtures("learned")
async def test_the_scorecard_with_versions_keeps_nobody_out_and_fits_a_phone(open_page: OpenPage) -> None:
    for theme in ("light", "dark"):
        page = await open_page(SCORECARD, theme=theme)
        assert await serious_findings(page) == []
    phone = await open_page(SCORECARD, width=360)
    assert await phone.evaluate(OVERFLOW) == 0
    looks = await open_page(SCORECARD, person="user")
    await expect(looks.get_by_role("button", name="Take out")).to_have_count(0)
