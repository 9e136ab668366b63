"""Units taken out of a lot into a lot of their own."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.quality.conftest import PASSWORD, Person

from opsroom.core.auth.models import Role

Q = "/api/v1/quality"
Problem = Callable[[httpx.Response, int], dict[str, Any]]
SIGNED = {"username": "quinn", "password": PASSWORD, "reason": "Scratched in the tray"}


@pytest.fixture
async def quinn(person: Person) -> httpx.AsyncClient:
    client = await person("quinn", Role.MANAGER)
    await client.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    body = {"lot_number": "L-1", "part_id": "P", "quantity": 100, "line": "L3", "supplier": "Nordguss"}
    await client.post(f"{Q}/lots", json=body)
    await client.post(f"{Q}/lots/L-1/status", json={"status": "in_inspection"})
    return client


async def test_what_is_held_is_split_and_the_rest_goes_on(quinn: httpx.AsyncClient) -> None:
    inspection = (await quinn.post(f"{Q}/inspections", json={"lot_id": "L-1", "type": "final"})).json()["id"]
    await quinn.post(f"{Q}/inspections/{inspection}/start")
    await quinn.post(f"{Q}/inspections/{inspection}/complete", json={})
    await quinn.post(f"{Q}/lots/L-1/hold", json=SIGNED)
    answer = await quinn.post(f"{Q}/lots/L-1/split", json=SIGNED | {"lot_number": "L-1-Q", "quantity": 12})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["lot"]["quantity"], made["taken"]["quantity"]) == (88, 12)
    taken = made["taken"]
    assert (taken["status"], taken["on_hold"], taken["line"], taken["supplier"]) == (
        "in_inspection", True, "L3", "Nordguss",
    )  # fmt: skip
    assert (made["signature"]["disposition"], made["signature"]["comment"]) == (
        "split", "12 units into L-1-Q: Scratched in the tray",
    )  # fmt: skip
    back = (await quinn.get(f"{Q}/lots/L-1-Q/genealogy")).json()["back"]
    assert [(each["lot_number"], each["inspections"]) for each in back] == [("L-1", 1)]

    await quinn.post(f"{Q}/lots/L-1/resume", json=SIGNED)
    released = await quinn.post(f"{Q}/lots/L-1/release", json={"password": PASSWORD})
    assert released.json()["lot"]["status"] == "released"
    rejected = await quinn.post(f"{Q}/lots/L-1-Q/reject", json=SIGNED)
    assert rejected.json()["lot"]["status"] == "rejected"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"lot_number": "L-2", "quantity": 100}, "nothing_left"),
        ({"lot_number": "L-1", "quantity": 1}, "duplicate"),
    ],
)
async def test_a_split_that_cannot_be_changes_nothing(
    quinn: httpx.AsyncClient, problem_of: Problem, asked: dict[str, Any], code: str
) -> None:
    refused = problem_of(await quinn.post(f"{Q}/lots/L-1/split", json=SIGNED | asked), 409)
    assert refused["code"] == code
    assert (await quinn.get(f"{Q}/lots")).json()["total"] == 1
    assert (await quinn.get(f"{Q}/lots/L-1")).json()["quantity"] == 100
    assert (await quinn.get(f"{Q}/signatures")).json()["total"] == 0
