"""The demonstration data: loaded once, whole, and of a kind that every page has something to show."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.dispatch.conftest import API, Rows, Work

from opsroom.core.parts import NoPayload


async def load(app: FastAPI, work: Work) -> None:
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, "dispatch.demo", NoPayload())
    await work()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_demonstration_shows_orders_in_every_state_of_their_life(
    app: FastAPI, manager: httpx.AsyncClient, work: Work, rows: Rows
) -> None:
    await load(app, work)
    assert {name for (name,) in await rows("SELECT name FROM customers")} >= {"ABC Company", "XYZ Logistics"}
    assert {size for (size,) in await rows("SELECT capacity_tonnes FROM vehicles")} >= {5.0, 10.0}
    assert (await rows("SELECT count(*) FROM orders WHERE status = 'delivered'"))[0][0] >= 15
    (latest,) = (await manager.get(f"{API}/decisions", params={"order": "-decided_for", "size": 1})).json()["items"]
    assert (latest["status"], latest["policy"]) == ("proposed", "best")
    assert await rows("SELECT count(*) FROM operational_outcomes") >= [(5,)]
    failed = await rows("SELECT type, error FROM jobs WHERE status = 'failed'")
    assert failed == []
    before = counts_of(await rows("SELECT count(*) FROM orders"))
    await load(app, work)
    assert counts_of(await rows("SELECT count(*) FROM orders")) == before
    simulated = await manager.post(
        f"{API}/simulations", json={"policies": ["greedy", "pfa"], "days": 2, "decisions": 4}
    )
    await work()
    job = (await manager.get(f"/api/v1/jobs/{simulated.json()['job_id']}")).json()
    assert job["status"] == "succeeded", job["error"]
    cards = {each["policy"]: each for each in job["result"]["policies"]}
    assert cards["greedy"]["cost_difference_kes"] is None
    assert cards["pfa"]["cost_difference_kes"]["low"] <= cards["pfa"]["cost_difference_kes"]["high"]


def counts_of(found: list[tuple[Any, ...]]) -> int:
    return int(found[0][0])
