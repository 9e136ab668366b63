"""The severity of a lot's inspection follows from what was found in those before."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Q = "/api/v1/quality"
Problem = Callable[[httpx.Response, int], dict[str, Any]]
ASKED: dict[str, str | float] = {"part": "P", "aql": 1.0}


@pytest.fixture
async def manager(manager: httpx.AsyncClient) -> httpx.AsyncClient:
    await manager.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    return manager


async def begun(client: httpx.AsyncClient, number: int) -> str:
    at = f"2026-01-{1 + number:02}T06:00:00Z"
    lot = {"lot_number": f"L-{number}", "part_id": "P", "quantity": 500, "produced_at": at}
    assert (await client.post(f"{Q}/lots", json=lot)).status_code == 201
    made: str = (await client.post(f"{Q}/inspections", json={"lot_id": f"L-{number}", "type": "final"})).json()["id"]
    return made


async def inspected(client: httpx.AsyncClient, number: int, result: str, **plan: Any) -> str:
    """The severity that its plan was drawn with."""
    inspection = await begun(client, number)
    drawn = await client.post(f"{Q}/inspections/{inspection}/sampling-plan", json={"aql": 1.0, **plan})
    assert drawn.status_code == 201, drawn.text
    await client.post(f"{Q}/inspections/{inspection}/start")
    done = await client.post(f"{Q}/inspections/{inspection}/complete", json={"result": result})
    assert done.json()["result"] == result, done.text
    severity: str = drawn.json()["severity"]
    return severity


async def standing(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{Q}/sampling-plan/severity", params=ASKED)).json()
    return found


async def test_two_of_five_refused_tighten_and_five_accepted_in_a_row_go_back(manager: httpx.AsyncClient) -> None:
    assert await standing(manager) == {
        "severity": "normal", "stopped": False, "may_reduce": False, "score": 0, "lots": 0,
    }  # fmt: skip
    course = ["accepted", "rejected", "accepted", "rejected", *["accepted"] * 5, "accepted"]
    found = [await inspected(manager, number, result) for number, result in enumerate(course)]
    assert found == ["normal"] * 4 + ["tightened"] * 5 + ["normal"]
    assert (await standing(manager))["score"] == 2


async def test_five_refused_on_tightened_inspection_stop_it(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    await inspected(manager, 0, "rejected", severity="tightened")
    for number in range(1, 5):
        assert await inspected(manager, number, "rejected") == "tightened"
    assert (await standing(manager))["stopped"] is True
    waiting = await begun(manager, 5)
    refused = problem_of(await manager.post(f"{Q}/inspections/{waiting}/sampling-plan", json={"aql": 1.0}), 409)
    assert refused["code"] == "inspection_stopped"
    again = {"aql": 1.0, "severity": "tightened"}
    assert (await manager.post(f"{Q}/inspections/{waiting}/sampling-plan", json=again)).status_code == 201


async def test_reduced_inspection_is_offered_and_not_begun_by_itself(manager: httpx.AsyncClient) -> None:
    for number in range(15):
        assert await inspected(manager, number, "accepted") == "normal"
    found = await standing(manager)
    assert (found["severity"], found["may_reduce"]) == ("normal", True)
    assert await inspected(manager, 15, "accepted", severity="reduced") == "reduced"
    assert (await standing(manager))["severity"] == "reduced"
    assert await inspected(manager, 16, "rejected") == "reduced"
    assert (await standing(manager))["severity"] == "normal"
