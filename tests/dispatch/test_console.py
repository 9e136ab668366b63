"""The pages of dispatch, without a browser: they answer, say what matters, and their forms do what they say."""

import re

import httpx
import pytest
from tests.dispatch.conftest import API, Decide, Give, Work

PAGES = ("", "/map", "/day", "/decisions", "/scorecard")
CONSOLE = "/console/dispatch"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def text_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text[:2000]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_says_so_when_there_is_nothing(user: httpx.AsyncClient, path: str) -> None:
    said = text_of(await user.get(CONSOLE + path))
    nothing = (
        "No order waits",
        "Nothing is on the road",
        "No vehicle moves",
        "Nothing was decided",
        "No route is completed",
    )
    assert any(words in said for words in nothing)


async def test_the_board_shows_clocks_and_asks_for_decisions(
    manager: httpx.AsyncClient, order: Give, trucks: None, work: Work
) -> None:
    await order("O-1", customer_id="C-XYZ")
    await order("O-2")
    said = text_of(await manager.get(CONSOLE))
    assert "overdue" in said
    assert "no limit" in said
    assert "nobody has decided about it yet" in said
    asked = await manager.post(f"{CONSOLE}/decisions", data={"policy": "lazy"})
    assert asked.status_code == 303
    waiting = text_of(await manager.get(asked.headers["location"]))
    assert "waiting for a worker" in waiting
    await work()
    done = await manager.get(asked.headers["location"])
    assert "Look at the proposal" in done.text
    assert (await manager.post(f"{CONSOLE}/decisions", data={"policy": "magic"})).status_code == 422


async def test_a_decision_page_says_what_why_and_what_else_and_commits(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1")
    await order("O-2", weight_tonnes=50)
    decision = await decide("greedy")
    path = f"{CONSOLE}/decisions/{decision['decision_id']}"
    page = await manager.get(path)
    said = text_of(page)
    assert "goes with KDA-5, alone" in said
    assert "too heavy, 50000 kg for 5000 kg" in said
    assert "cannot go" in said
    assert "keeps O-1" in said  # what lazy would have done
    assert page.text.count('class="way"') == 1
    pinned = await manager.post(f"{path}/rules", data={"order_id": "O-1", "vehicle_id": "KDB-10", "kind": "pin"})
    assert pinned.status_code == 303
    stale = await manager.post(f"{path}/commit")
    assert stale.status_code == 409
    assert "pin to KDB-10 was said since" in text_of_any(stale)
    again = await decide("greedy")
    assert [route["vehicle"] for route in again["routes_proposed"]] == ["KDB-10"]
    sent = await manager.post(f"{CONSOLE}/decisions/{again['decision_id']}/commit")
    assert sent.status_code == 303
    assert "KDB-10" in text_of(await manager.get(f"{CONSOLE}/map"))
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "assigned"
    day = await manager.get(f"{CONSOLE}/day", params={"on": "2026-11-16"})
    assert "O-1 in Nakuru: planned" in day.text


async def test_a_proposal_is_turned_down_with_a_reason(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1")
    decision = await decide("greedy")
    path = f"{CONSOLE}/decisions/{decision['decision_id']}"
    assert (await user.post(f"{path}/reject", data={"reason": "no"})).status_code == 403
    assert "Commit" not in text_of(await user.get(path))
    assert (await manager.post(f"{path}/reject", data={"reason": " "})).status_code == 422
    assert (await manager.post(f"{path}/reject", data={"reason": "the road is closed"})).status_code == 303
    assert "Turned down: the road is closed" in text_of(await manager.get(path))


async def test_the_work_of_other_apps_is_not_shown_here(manager: httpx.AsyncClient) -> None:
    missing = await manager.get(f"{CONSOLE}?job=00000000-0000-7000-8000-000000000000")
    assert missing.status_code == 404
    assert (await manager.get(f"{CONSOLE}/decisions/D-9")).status_code == 404
    assert (await manager.post(f"{CONSOLE}/simulations", data={"policies": ["magic"]})).status_code == 422


def text_of_any(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
