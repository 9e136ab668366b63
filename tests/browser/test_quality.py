"""Quality as an inspector uses it: the board, a finding decided by keys, a chart that follows the measurements."""

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from tests.browser.conftest import BROWSER, OpenPage
from tests.browser.measures import OVERFLOW, serious_findings

pytestmark = [*BROWSER, pytest.mark.usefixtures("inspected")]

API = "/api/v1/quality"
BORE = {"bore": {"nominal": 12.0, "lower": 11.9, "upper": 12.1, "unit": "mm"}}
PAGES = ("/console/quality", "/console/quality/lots/BR-1", "/console/quality/review", "/console/quality/charts")
# The page's own fetch, so that the request is one of the browser's, cookie and all.
FETCH = """async ([path, body]) => {
    const answer = await fetch(path, {method: "POST", body: JSON.stringify(body),
                                      headers: {"Content-Type": "application/json"}});
    return [answer.status, await answer.json()]; }"""


async def post(page: Page, path: str, body: dict[str, Any], *, allowed: tuple[int, ...] = (200, 201)) -> dict[str, Any]:
    status, found = await page.evaluate(FETCH, [f"{API}/{path}", body])
    assert status in allowed, found
    answer: dict[str, Any] = found
    return answer


async def measured(page: Page, inspection: str, unit: int, value: float) -> None:
    body = {"inspection_id": inspection, "characteristic": "bore", "unit_number": unit, "value": value}
    await post(page, "measurements", body | {"gauge_id": "BG-1", "manual": False})


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def made() -> dict[str, str]:
    """What the first test made, for those that follow in the same house."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def inspected(open_page: OpenPage, made: dict[str, str]) -> dict[str, str]:
    """Two lots that were measured, and findings of the second that wait."""
    if made:
        return made
    page = await open_page("/console/quality")
    await post(page, "parts", {"part_number": "BRK", "name": "Bracket", "type": "component", "specifications": BORE})
    await post(page, "gauges", {"gauge_number": "BG-1", "name": "Bore gauge", "calibration_due": "2199-01-01"})
    for number, values in (("BR-0", (12.0, 12.01)), ("BR-1", (12.01, 12.0))):
        await post(page, "lots", {"lot_number": number, "part_id": "BRK", "quantity": 100})
        inspection = (await post(page, "inspections", {"lot_id": number, "type": "final"}))["id"]
        await post(page, f"inspections/{inspection}/start", {})
        for unit, value in enumerate(values, 1):
            await measured(page, inspection, unit, value)
        made[number] = inspection
    for kind, severity in (("scratch", "minor"), ("dent", "major")):
        body = {"inspection_id": made["BR-1"], "type": kind, "severity": severity}
        await post(page, "defects", body)
    return made


async def test_a_lot_is_found_on_the_board_and_opened(open_page: OpenPage) -> None:
    page = await open_page("/console/quality")
    lane = page.get_by_role("region", name="in inspection")
    await expect(lane.get_by_text("2 to review")).to_be_visible()
    await lane.get_by_text("BR-1").click()
    await expect(page.get_by_role("heading", name="Lot BR-1")).to_be_visible()
    await expect(page.get_by_text("no inspection has accepted it")).to_be_visible()


async def test_findings_are_decided_by_keys_the_gravest_first(open_page: OpenPage) -> None:
    page = await open_page("/console/quality/review")
    await expect(page.get_by_role("heading", name="Dent")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.get_by_text("Confirmed.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Scratch")).to_be_visible()
    await page.keyboard.press("r")
    await expect(page.get_by_label("Why")).to_be_focused()
    await page.keyboard.type("Dust")
    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_text("Nothing waits for you")).to_be_visible()


async def test_a_chart_follows_the_measurements(open_page: OpenPage, inspected: dict[str, str]) -> None:
    page = await open_page("/console/quality/charts?part=BRK&characteristic=bore&kind=imr")
    await expect(page.get_by_text("4 values")).to_be_visible()
    other = await open_page("/console/quality")
    await measured(other, inspected["BR-1"], 3, 12.02)
    await expect(page.get_by_text("5 values")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
async def test_pages_keep_nobody_out_and_fit_a_phone(open_page: OpenPage, path: str) -> None:
    for theme in ("light", "dark"):
        page = await open_page(path, theme=theme)
        assert await serious_findings(page) == []
    phone = await open_page(path, width=360)
    assert await phone.evaluate(OVERFLOW) == 0
