"""A decision over many orders is work in the background: it tells how far it is, and other requests are answered."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from tests.dispatch.conftest import API, MORNING, Give, Work

from opsroom.core.jobs.handler import Cancelled
from opsroom.dispatch.deciding import OTHERS, Question, built_in, decide
from opsroom.dispatch.options import options_from
from opsroom.dispatch.snapshot import read_state

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.usefixtures("trucks"),
]
MANY = 60


@pytest.fixture
async def many(order: Give) -> None:
    for number in range(MANY):
        received = MORNING - timedelta(minutes=number)
        city = ("Nakuru", "Eldoret", "Kitale", "Kisumu")[number % 4]
        await order(
            f"O-{number}", city, customer_id="C-XYZ", weight_tonnes=0.5, volume_m3=1, received_at=received.isoformat()
        )


async def asked(manager: httpx.AsyncClient, policy: str) -> str:
    answer = await manager.post(
        f"{API}/decisions", json={"policy": policy, "at": MORNING.isoformat(), "iterations": 60}
    )
    assert answer.status_code == 202, answer.text
    return f"/api/v1/jobs/{answer.json()['job_id']}"


@pytest.mark.usefixtures("many")
async def test_others_are_answered_while_a_long_decision_is_made(manager: httpx.AsyncClient, work: Work) -> None:
    job = await asked(manager, "best")
    working = asyncio.ensure_future(work())
    answered = 0
    while not working.done():
        assert (await manager.get(f"{API}/orders/O-1")).status_code == 200
        answered += (await manager.get(job)).json()["status"] == "running"
        await asyncio.sleep(0)
    await working
    assert answered > 1
    done = (await manager.get(job)).json()
    assert done["status"] == "succeeded", done["error"]
    assert done["result"]["orders_routed"] + done["result"]["orders_waiting"] == MANY


@pytest.mark.usefixtures("many")
async def test_a_long_decision_tells_how_far_it_is_and_ends_where_it_is_told_to(app: FastAPI) -> None:
    async with app.state.database.transaction() as session:
        seen = await read_state(session, options_from(app.state.options), MORNING)
    told: list[tuple[float, str]] = []
    question = Question("best", iterations=60)
    decide(seen.state, built_in(seen.state), question, lambda *step: told.append(step))
    parts = [part for part, _ in told]
    assert parts == sorted(parts)
    assert [said for _, said in told] == [
        f"{MANY} orders, 2 vehicles", *["what best does"] * 3, *[f"what {name} would do" for name in OTHERS],
    ]  # fmt: skip

    def cancelled(_part: float, said: str) -> None:
        if said == "what best does":
            raise Cancelled

    with pytest.raises(Cancelled):
        decide(seen.state, built_in(seen.state), question, cancelled)


async def test_an_order_of_this_very_second_is_decided_about(
    manager: httpx.AsyncClient, order: Give, work: Work
) -> None:
    await order("O-NOW", received_at=(MORNING + timedelta(milliseconds=700)).isoformat())
    job = await asked(manager, "greedy")
    await work()
    assert (await manager.get(job)).json()["result"]["orders_routed"] == 1
