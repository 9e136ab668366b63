"""Policies are learned on simulated days, kept as versions, put in and out of force, and used by decisions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import API, MORNING, Decide, Execute, Give, Work

Problem = Callable[[httpx.Response, int], dict[str, Any]]

LEARNED = """INSERT INTO learned_policies (id, number, policy, kind, status, parameters, waiting_values, trained_on,
held_out, cost_before, cost_after, reason) VALUES ('{id}', {number}, '{policy}', '{kind}',
'{status}', '{parameters}', '{values}', 4, 20, 100, 90, 'by hand')"""


def learned(number: int, policy: str, kind: str, status: str, parameters: str = "{}", values: str = "[]") -> str:
    key = f"000000000000700080000000000000{number:02}"
    return LEARNED.format(
        id=key, number=number, policy=policy, kind=kind, status=status, parameters=parameters, values=values
    )


@pytest.fixture
async def waiting(order: Give, trucks: None) -> None:
    """Orders that may wait a day, as many as arrivals are believed from."""
    for number in range(12):
        received = MORNING - timedelta(hours=number)
        city = ["Nakuru", "Eldoret"][number % 2]
        await order(
            f"O-{number}", city, customer_id="C-XYZ", weight_tonnes=1, volume_m3=1, received_at=received.isoformat()
        )


async def test_a_version_in_force_is_what_decisions_use_and_are_made_again_with(
    manager: httpx.AsyncClient, waiting: None, decide: Decide, execute: Execute
) -> None:
    plain = await decide("vfa")
    cheap = '[{"area": "Nakuru", "steps": 8, "share": 0.001, "observations": 100}]'
    await execute(learned(1, "vfa", "vfa", "active", values=cheap))
    taught = await decide("vfa")
    assert (taught["parameters"]["learned"], taught["parameters"]["kind"]) == (1, "vfa")
    # To keep an order costs next to nothing, so none is worth a drive.
    assert len(plain["orders_routed"]) == 12
    assert taught["orders_routed"] == []
    assert (await manager.post(f"{API}/learned-policies/1/retire")).json()["status"] == "retired"
    for decision in (plain, taught):  # whatever is in force by now
        again = (await manager.get(f"{API}/decisions/{decision['decision_id']}/replay")).json()
        assert again["identical"], again


async def test_best_stands_for_what_was_learned_to_be_best(
    manager: httpx.AsyncClient, waiting: None, decide: Decide, execute: Execute, problem_of: Problem
) -> None:
    await execute(learned(1, "best", "pfa", "active", '{"fill": 0.05, "slack": 0}'))
    await execute(learned(2, "best", "lazy", "refused"))
    decision = await decide("best")
    assert decision["policy"] == "best"
    assert decision["parameters"] == {"fill": 0.05, "slack": 0, "kind": "pfa", "learned": 1}
    assert decision["orders_routed"] != []
    assert (await manager.post(f"{API}/learned-policies/2/activate")).json()["status"] == "active"
    one, other = (await manager.get(f"{API}/learned-policies", params={"order": "number"})).json()["items"]
    assert (one["status"], other["status"]) == ("retired", "active")
    assert (await decide("best"))["orders_routed"] == []
    again = problem_of(await manager.post(f"{API}/learned-policies/2/activate"), 409)
    assert again["detail"] == "Learned policy 2 is in force already."
    problem_of(await manager.post(f"{API}/learned-policies/9/activate"), 404)


async def test_learning_is_a_job_that_keeps_what_it_found_and_says_how_it_did(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, waiting: None, work: Work, problem_of: Problem,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("opsroom.dispatch.policy_learning.now", lambda: MORNING)
    asked = {"policy": "vfa", "days": 1, "held_out": 2, "decisions": 3, "iterations": 5}
    problem_of(await user.post(f"{API}/learned-policies/learn", json=asked), 403)
    problem_of(await manager.post(f"{API}/learned-policies/learn", json=asked | {"policy": "greedy"}), 422)
    job = (await manager.post(f"{API}/learned-policies/learn", json=asked)).json()["job_id"]
    await work()
    done = (await manager.get(f"/api/v1/jobs/{job}")).json()
    assert done["status"] == "succeeded", done["error"]
    (row,) = (await manager.get(f"{API}/learned-policies")).json()["items"]
    assert (row["number"], row["policy"], row["kind"], row["held_out"]) == (1, "vfa", "vfa", 2)
    assert row["status"] in {"active", "refused"}
    assert {each["area"] for each in row["waiting_values"]} <= {"Nakuru", "Eldoret"}
    assert row["difference_low"] <= row["cost_after"] - row["cost_before"] + 0.01
    assert row["reason"] == done["result"]["why"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_scorecard_shows_versions_and_puts_them_in_and_out_of_force(
    manager: httpx.AsyncClient, execute: Execute
) -> None:
    await execute(learned(1, "pfa", "pfa", "active", '{"fill": 0.65, "slack": 0}'))
    page = (await manager.get("/console/dispatch/scorecard")).text
    assert "fill 0.65" in page
    assert "Take out" in page
    gone = await manager.post("/console/dispatch/learned-policies/1/retire")
    assert gone.status_code == 303
    assert "Put in force" in (await manager.get("/console/dispatch/scorecard")).text
    asked = await manager.post("/console/dispatch/learned-policies", data={"policy": "greedy"})
    assert asked.status_code == 422
