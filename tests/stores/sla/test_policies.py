"""Policies: declared and checked; where they stand; breaches told once."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.stores.sla.conftest import START, RunJob, polls

PATH = "/api/v1/stores/sla-policies"
HOUR = 3_600_000_000
Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"target": 1}, "less than or equal to 0.999999"),
        ({"scope": "all"}, "scope group goes with store_group"),
        ({"window": "rolling"}, "rolling_days"),
        ({"rolling_days": 30}, "rolling_days"),
        ({"credits": [{"below": 0.995, "percent": 5}]}, "below the target"),
        ({"zone": "Mars/Base"}, "no IANA time zone"),
    ],
)
async def test_a_promise_that_cannot_be_meant_is_refused(
    manager: httpx.AsyncClient, policy: dict[str, Any], problem_of: Problem, change: dict[str, Any], reason: str
) -> None:
    assert reason in str(problem_of(await manager.post(PATH, json=policy | change), 422))


async def test_a_change_is_checked_with_what_stays(
    manager: httpx.AsyncClient, policy: dict[str, Any], problem_of: Problem
) -> None:
    path = f"{PATH}/{(await manager.post(PATH, json=policy)).json()['id']}"
    assert "rolling_days" in str(problem_of(await manager.patch(path, json={"window": "rolling"}), 422))
    changed = await manager.patch(path, json={"window": "rolling", "rolling_days": 30})
    assert (changed.status_code, changed.json()["rolling_days"]) == (200, 30)


@pytest.mark.usefixtures("north")
async def test_the_standing_says_what_is_left_of_a_running_month(
    manager: httpx.AsyncClient, policy: dict[str, Any]
) -> None:
    # The latest poll is of 2 February, 23:00. B is down for the last 5 hours of it.
    await manager.post("/api/v1/stores/observations", json=polls("B", START.replace(month=2, day=3), 5, set(range(5))))
    key = (await manager.post(PATH, json=policy)).json()["id"]
    found = (await manager.get(f"{PATH}/{key}/standing")).json()
    assert (found["window"]["start"], found["as_of"]) == ("2026-02-01T00:00:00Z", "2026-02-03T04:00:00Z")
    worst, other = found["stores"]
    # 52 hours have passed; the last poll, at 04:00, is the end of what is known.
    assert (worst["store_id"], worst["down_us"], worst["ahead_us"]) == ("B", 4 * HOUR, (28 * 24 - 52) * HOUR)
    assert worst["budget_us"] == 28 * 24 * HOUR // 100
    assert worst["remaining_us"] == worst["budget_us"] - 4 * HOUR
    assert (worst["state"], worst["alert"]) == ("at_risk", "fast")
    assert worst["burn_1h"] == pytest.approx(100)
    assert (other["store_id"], other["state"], other["alert"]) == ("A", "ok", "none")
    assert found["whole"]["down_us"] == 4 * HOUR
    assert (found["breached"], found["at_risk"]) == (0, 1)


@pytest.mark.usefixtures("north")
async def test_a_breach_is_told_once_a_month(
    admin: httpx.AsyncClient, manager: httpx.AsyncClient, policy: dict[str, Any], run_job: RunJob
) -> None:
    await admin.post("/api/v1/webhooks/endpoints", json={"url": "http://127.0.0.1:9/", "events": ["stores.sla.*"]})
    await manager.post(PATH, json=policy)
    await run_job("stores.sla_breaches")
    assert (await admin.get("/api/v1/webhooks/deliveries")).json()["total"] == 0
    later = START.replace(month=2, day=3)
    await manager.post("/api/v1/stores/observations", json=polls("A", later, 9, set(range(9))))
    for _ in range(2):
        await run_job("stores.sla_breaches")
    (told,) = (await admin.get("/api/v1/webhooks/deliveries")).json()["items"]
    assert told["payload"]["data"]["store_id"] == "A"
    assert told["payload"]["data"]["down_us"] == 8 * HOUR
    (breach,) = (await manager.get("/api/v1/stores/sla-breaches")).json()["items"]
    assert (breach["subject"], breach["period"], breach["ended_at"]) == ("A", "2026-02-01", None)


@pytest.mark.usefixtures("north")
async def test_a_rolling_breach_ends_when_the_window_has_passed(
    manager: httpx.AsyncClient, policy: dict[str, Any], run_job: RunJob
) -> None:
    await manager.post(PATH, json=policy | {"window": "rolling", "rolling_days": 2, "applies_to": "whole_scope"})
    later = START.replace(month=2, day=3)
    await manager.post("/api/v1/stores/observations", json=polls("A", later, 4, {0, 1, 2, 3}))
    await run_job("stores.sla_breaches")
    (breach,) = (await manager.get("/api/v1/stores/sla-breaches")).json()["items"]
    assert (breach["subject"], breach["ended_at"]) == ("", None)
    await manager.post("/api/v1/stores/observations", json=polls("A", later.replace(day=4), 60, set()))
    await run_job("stores.sla_breaches")
    (breach,) = (await manager.get("/api/v1/stores/sla-breaches")).json()["items"]
    assert breach["ended_at"] == "2026-02-06T11:00:00Z"
