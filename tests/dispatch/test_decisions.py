"""Decisions through HTTP: asked for, explained, made again, committed, rejected, and refused when outdated."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import API, LARGE, Decide, Give, Rows

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]


async def test_orders_that_go_are_on_routes_with_stops_and_costs(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1", weight_tonnes=4)
    await order("O-2", "Eldoret", weight_tonnes=4)
    decision = await decide("greedy")
    assert decision["status"] == "proposed"
    assert sorted(decision["orders_routed"]) == ["O-1", "O-2"]
    assert decision["orders_waiting"] == []
    # One 10 t truck takes both, on one way north: no second truck's fixed cost.
    (route,) = (await manager.get(f"{API}/routes", params={"decision_id": decision["decision_id"]})).json()["items"]
    assert (route["vehicle_id"], route["status"], route["cities"]) == ("KDB-10", "planned", ["Nakuru", "Eldoret"])
    assert route["estimated_cost_kes"] == decision["estimated_cost_kes"]
    stops = (
        await manager.get(f"{API}/stops", params={"route_id": route["route_id"], "order": "sequence_order"})
    ).json()
    halts = [(stop["stop_type"], stop["order_id"]) for stop in stops["items"]]
    assert halts[-2:] == [("delivery", "O-1"), ("delivery", "O-2")]
    assert sorted(halts[:2]) == [("pickup", "O-1"), ("pickup", "O-2")]
    assert {stop["status"] for stop in stops["items"]} == {"proposed"}


async def test_a_committed_decision_sends_its_trucks_and_orders(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1")
    decision = await decide("greedy")
    done = await manager.post(f"{API}/decisions/{decision['decision_id']}/commit")
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["committed"], done.json()["committed_by"]) == (
        "committed", True, "the_manager",
    )  # fmt: skip
    sent = (await manager.get(f"{API}/orders/O-1")).json()
    assert (sent["status"], sent["route_id"]) == ("assigned", f"{decision['decision_id']}-1")
    route = (await manager.get(f"{API}/routes/{sent['route_id']}")).json()
    assert route["status"] == "dispatched"
    assert (await manager.get(f"{API}/vehicles/{route['vehicle_id']}")).json()["status"] == "loading"


async def test_a_proposal_is_committed_once_and_not_after_it_was_rejected(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, problem_of: Problem
) -> None:
    await order("O-1")
    first, second = await decide("greedy"), await decide("greedy")
    assert (await manager.post(f"{API}/decisions/{first['decision_id']}/commit")).status_code == 200
    again = problem_of(await manager.post(f"{API}/decisions/{first['decision_id']}/commit"), 409)
    assert again["code"] == "decision_committed"
    gone = await manager.post(f"{API}/decisions/{second['decision_id']}/reject", json={"reason": "no driver"})
    assert gone.json()["rejected_reason"] == "no driver"
    late = problem_of(await manager.post(f"{API}/decisions/{second['decision_id']}/commit"), 409)
    assert late["code"] == "decision_rejected"


async def test_an_outdated_decision_is_refused_with_what_changed(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, problem_of: Problem
) -> None:
    await order("O-1")
    await order("O-2", "Eldoret")
    first, second = await decide("greedy"), await decide("greedy")
    await manager.post(f"{API}/decisions/{first['decision_id']}/commit")
    stale = problem_of(await manager.post(f"{API}/decisions/{second['decision_id']}/commit"), 409)
    assert stale["code"] == "stale"
    said = {(each["kind"], each["id"]): each["what"] for each in stale["changed"]}
    assert said["order", "O-1"] == f"it is assigned on {first['decision_id']}-1"
    assert said["vehicle", "KDA-5"] == "it is loading"


async def test_a_change_of_an_order_a_pin_or_a_removal_outdates_a_proposal(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, problem_of: Problem
) -> None:
    await order("O-1", weight_tonnes=7)
    changed, pinned, removed = await decide("greedy"), None, None
    await manager.patch(f"{API}/orders/O-1", json={"weight_tonnes": 8})
    stale = problem_of(await manager.post(f"{API}/decisions/{changed['decision_id']}/commit"), 409)
    assert stale["changed"] == [{"kind": "order", "id": "O-1", "what": "it was changed"}]
    pinned = await decide("greedy")
    rule = {"order_id": "O-1", "vehicle_id": "KDB-10", "kind": "forbid"}
    assert (await manager.post(f"{API}/assignment-rules", json=rule)).status_code == 201
    stale = problem_of(await manager.post(f"{API}/decisions/{pinned['decision_id']}/commit"), 409)
    assert stale["changed"] == [{"kind": "rule", "id": "O-1", "what": "forbid to KDB-10 was said since"}]
    await order("O-2")
    removed = await decide("greedy")
    assert (await manager.delete(f"{API}/orders/O-2")).status_code == 409  # a proposal's stop still names it
    assert removed["orders_routed"] == ["O-2"]


async def test_pins_and_bans_are_kept_by_the_next_decision(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1")
    await order("O-2")
    for rule in (
        {"order_id": "O-1", "vehicle_id": "KDB-10", "kind": "pin"},
        {"order_id": "O-2", "vehicle_id": "KDB-10", "kind": "forbid"},
    ):
        assert (await manager.post(f"{API}/assignment-rules", json=rule)).status_code == 201
    decision = await decide("greedy")
    carriers = {stop["order"]: route["vehicle"] for route in decision["routes_proposed"] for stop in route["stops"]}
    assert carriers == {"O-1": "KDB-10", "O-2": "KDA-5"}


async def test_orders_that_cannot_go_carry_every_reason_and_each_was_tried(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    window = {"end_time": "2026-11-16T04:00:00Z"}
    await order("O-1", weight_tonnes=12, special_handling={"refrigerated": True}, time_window=window)
    decision = await decide("greedy")
    (kept,) = decision["orders_waiting"]
    assert kept["code"] == "impossible"
    by_vehicle = {each["vehicle_id"]: each for each in kept["against"]}
    small = by_vehicle["KDA-5"]
    assert small["reasons"][:2] == ["too heavy, 12000 kg for 5000 kg", "it is not refrigerated"]
    assert "after the window closes" in small["reasons"][2]
    assert any("carries 12000 kg" in sentence for sentence in small["tried"])
    assert any("needs refrigerated" in sentence for sentence in small["tried"])
    assert any("outside" in sentence for sentence in small["tried"])
    assert by_vehicle["KDB-10"]["reasons"][0] == "too heavy, 12000 kg for 10000 kg"


async def test_an_order_that_may_wait_says_until_when_and_what_would_release_it(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1", customer_id="C-XYZ")
    decision = await decide("lazy")
    (kept,) = decision["orders_waiting"]
    assert (kept["code"], kept["until"]) == ("waits", "2026-11-17T03:00:00+00:00")
    why = (await manager.get(f"{API}/decisions/{decision['decision_id']}/explanation")).json()
    (said,) = why["orders"]
    assert said["last_decision"] == "2026-11-17T02:00:00Z"
    assert "orders that share its way to Nakuru release it sooner" in said["sentences"]
    tracked = (await manager.get(f"{API}/orders/O-1/track")).json()
    assert tracked["decisions"][0]["reasons"] == kept["reasons"]


async def test_without_vehicles_or_orders_a_decision_says_so(
    manager: httpx.AsyncClient, order: Give, decide: Decide
) -> None:
    nothing = await decide("best")
    assert (nothing["orders_routed"], nothing["orders_waiting"]) == ([], [])
    await order("O-1")
    decision = await decide("best")
    assert decision["orders_waiting"][0]["reasons"] == ["there is no vehicle"]


@pytest.mark.parametrize("policy", ["greedy", "pfa", "cfa", "vfa", "best"])
async def test_a_stored_decision_is_made_again_identically(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, policy: str
) -> None:
    for number, city in enumerate(["Nakuru", "Eldoret", "Kitale", "Kisumu"] * 3):
        await order(f"O-{number}", city, customer_id="C-XYZ", weight_tonnes=1 + number % 3)
    decision = await decide(policy)
    again = (await manager.get(f"{API}/decisions/{decision['decision_id']}/replay")).json()
    assert again == {"decision_id": decision["decision_id"], "identical": True, "differences": []}
    if policy == "best":
        assert decision["confidence_samples"] == 10
        assert {each["order"] for each in decision["agreements"]} <= {f"O-{n}" for n in range(12)}


async def test_a_snapshot_that_was_tampered_with_is_found_out(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, execute: Callable[[str], Awaitable[None]]
) -> None:
    await order("O-1")
    decision = await decide("greedy")
    await execute("UPDATE decisions SET seed = 7")
    again = (await manager.get(f"{API}/decisions/{decision['decision_id']}/replay")).json()
    assert again["identical"] is True  # the seed is part of the question; it leads to the same plan here
    await execute("UPDATE decisions SET orders_waiting = '[]', routes_proposed = '[]'")
    again = (await manager.get(f"{API}/decisions/{decision['decision_id']}/replay")).json()
    assert again["differences"] == ["routes: KDA-5 is new"]


async def test_other_policies_stand_beside_the_chosen_one(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide
) -> None:
    await order("O-1", customer_id="C-XYZ")
    decision = await decide("greedy")
    seen = (await manager.get(f"{API}/decisions/{decision['decision_id']}/alternatives")).json()
    by_policy = {each["policy"]: each for each in seen["alternatives"]}
    assert set(by_policy) == {"greedy", "lazy", "pfa", "cfa", "vfa"}
    assert by_policy["lazy"]["orders_routed"] == []
    assert seen["chosen"]["cost"]["total"] == decision["estimated_cost_kes"]


async def test_a_dispatcher_may_propose_but_only_a_manager_commits(
    user: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, problem_of: Problem
) -> None:
    await order("O-1")
    decision = await decide("greedy", client=user)
    problem_of(await user.post(f"{API}/decisions/{decision['decision_id']}/commit"), 403)
    asked = {"policy": "greedy", "commit": True}
    problem_of(await user.post(f"{API}/decisions", json=asked), 403)


async def test_what_was_not_driven_yet_can_be_planned_anew_with_what_came_since(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, rows: Rows
) -> None:
    await order("O-1", weight_tonnes=4)
    first = await decide("greedy", commit=True)
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "assigned"
    await order("O-2", weight_tonnes=4)
    second = await decide("greedy", replan=True, commit=True)
    assert second["type"] == "replan"
    assert sorted(second["orders_routed"]) == ["O-1", "O-2"]
    assert [route["vehicle"] for route in second["routes_proposed"]] == ["KDB-10"]
    assert (await manager.get(f"{API}/routes/{first['decision_id']}-1")).json()["status"] == "cancelled"
    assert (await manager.get(f"{API}/vehicles/KDA-5")).json()["status"] == "available"
    to_do = await rows("SELECT DISTINCT route_id FROM route_stops WHERE status = 'planned'")
    assert to_do == [(f"{second['decision_id']}-1",)]


async def test_a_decision_is_not_made_for_a_time_before_one_that_is_committed(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, work: Work
) -> None:
    await order("O-1")
    await decide("greedy", commit=True)
    asked = {"policy": "greedy", "at": "2026-11-16T02:00:00Z"}
    job = (await manager.post(f"{API}/decisions", json=asked)).json()["job_id"]
    await work()
    failed = (await manager.get(f"/api/v1/jobs/{job}")).json()
    assert failed["status"] == "failed"
    assert "Decide for that instant or a later one" in failed["error"]


async def test_of_dispatchers_who_commit_at_once_one_sends_each_truck_and_order(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, rows: Rows
) -> None:
    await manager.post(f"{API}/vehicles", json=LARGE | {"vehicle_id": "KDC-10"})
    for number in range(4):
        await order(f"O-{number}", weight_tonnes=4)
    proposals = [await decide("greedy", seed=seed, alternatives=False) for seed in range(4)]
    answers = await asyncio.gather(
        *(manager.post(f"{API}/decisions/{each['decision_id']}/commit") for each in proposals)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    twice = "SELECT order_id FROM route_stops WHERE status = 'planned' AND stop_type = 'delivery' GROUP BY order_id"
    assert await rows(f"{twice} HAVING count(*) > 1") == []
    assert len(await rows(twice)) == 4
    on_the_road = "SELECT vehicle_id FROM routes WHERE status = 'dispatched' GROUP BY vehicle_id HAVING count(*) > 1"
    assert await rows(on_the_road) == []


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"policy": "magic"}, "greedy"),
        ({"horizon": 0}, "greater than or equal to 1"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"at": "2026-11-16T02:00:00"}, "timezone"),
        ({"polcy": "greedy"}, "Extra inputs"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_question_that_cannot_be_answered_is_refused(
    manager: httpx.AsyncClient, problem_of: Problem, asked: dict[str, Any], sentence: str
) -> None:
    assert sentence in str(problem_of(await manager.post(f"{API}/decisions", json=asked), 422))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_decision_that_is_not_there_is_not_found(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    for verb in ("explanation", "replay", "alternatives", "snapshot"):
        problem_of(await manager.get(f"{API}/decisions/D-9/{verb}"), 404)
    problem_of(await manager.post(f"{API}/decisions/D-9/commit"), 404)
    problem_of(await manager.get(f"{API}/orders/O-9/track"), 404)
