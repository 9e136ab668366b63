"""`/api/v1/audit`."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from opsroom.core.db.engine import Database

Problem = Callable[[httpx.Response, int], dict[str, Any]]
LOG = "/api/v1/audit"


@pytest.fixture
async def store(admin: httpx.AsyncClient) -> dict[str, Any]:
    """A store that was created, renamed twice and grouped."""
    made = (await admin.post("/api/v1/stores", json={"external_id": "S-1"})).json()
    for change in ({"name": "North"}, {"name": "South"}, {"group": "a", "name": "South"}):
        answer = await admin.patch(f"/api/v1/stores/{made['id']}", json=change, headers={"X-Reason": "they moved"})
        assert answer.status_code == 200, answer.text
    return made  # type: ignore[no-any-return]  # as JSON has it


async def test_the_history_of_a_record_is_told_from_its_beginning(
    admin: httpx.AsyncClient, store: dict[str, Any]
) -> None:
    of_store = {"table_name": "stores", "record_id": store["id"]}
    history = (await admin.get(LOG, params={**of_store, "order": "id"})).json()
    assert [(entry["event"], entry["reason"]) for entry in history["items"]] == [
        ("stores.created", None),
        ("stores.updated", "they moved"),
        ("stores.updated", "they moved"),
        ("stores.updated", "they moved"),
    ]
    assert [entry["after"] for entry in history["items"][1:]] == [{"name": "North"}, {"name": "South"}, {"group": "a"}]
    assert {entry["user_name"] for entry in history["items"]} == {"the_admin"}
    assert history["next_cursor"] is None


async def test_a_history_of_pages_is_complete(admin: httpx.AsyncClient, store: dict[str, Any]) -> None:
    asked, seen = {"record_id": store["id"], "order": "id", "size": "1"}, []
    while True:
        page = (await admin.get(LOG, params=asked)).json()
        seen += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert len(seen) == 4
    assert seen == sorted(seen)


async def test_the_log_is_read_newest_first_and_by_what_one_looks_for(
    admin: httpx.AsyncClient, store: dict[str, Any]
) -> None:
    async def found(**wanted: Any) -> list[dict[str, Any]]:
        answer = await admin.get(LOG, params=wanted)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    newest = await found(size=1)
    assert newest[0]["after"] == {"group": "a"}
    assert len(await found(action="update", table_name="stores")) == 3
    assert len(await found(record_id=store["id"])) == 4
    assert [entry["after"]["external_id"] for entry in await found(event="stores.created")] == ["S-1"]
    assert await found(level="critical") == []
    by_request = await found(request_id=newest[0]["request_id"])
    assert [entry["id"] for entry in by_request] == [newest[0]["id"]]
    assert {entry["user_name"] for entry in await found(user_id=newest[0]["user_id"])} == {"the_admin"}
    assert len(await found(at__gte=newest[0]["at"], table_name="stores")) >= 1
    assert await found(at__lt="2020-01-01T00:00:00Z") == []
    second = await found(size=1, id__lt=newest[0]["id"])
    assert second[0]["after"] == {"name": "South"}
    assert (await admin.get(f"{LOG}/{second[0]['id']}")).json() == second[0]


async def test_the_log_is_counted_only_when_asked(admin: httpx.AsyncClient, store: dict[str, Any]) -> None:
    assert (await admin.get(LOG)).json()["total"] is None
    assert (await admin.get(LOG, params={"record_id": store["id"], "total": True})).json()["total"] == 4


async def test_only_administrators_read_the_trail(
    manager: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem, database: Database
) -> None:
    for path in (LOG, f"{LOG}/1", f"{LOG}/export"):
        problem_of(await manager.get(path), 403)
        problem_of(await nobody.get(path), 401)


async def test_a_record_nobody_has_heard_of_has_no_history(admin: httpx.AsyncClient) -> None:
    answer = await admin.get(LOG, params={"table_name": "nothing", "record_id": "at-all"})
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert (await admin.get(f"{LOG}/{2**62}")).status_code == 404


async def test_a_write_that_is_one_statement_is_on_record_with_who_made_it(
    admin: httpx.AsyncClient, problem_of: Problem
) -> None:
    """It goes past the unit of work, which would tell the database of its origin when it begins."""
    why = {"X-Reason": "they moved", "X-Request-Id": "asked-by-hand"}
    made = await admin.post("/api/v1/stores", json={"external_id": "S-1", "tags": {"a": [1]}}, headers=why)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    changed = await admin.patch("/api/v1/stores/S-1", json={"name": "North", "tags": {}}, headers=why)
    assert (changed.status_code, changed.json()["name"], changed.headers["etag"]) == (200, "North", '"2"')
    problem_of(await admin.post("/api/v1/stores", json={"external_id": "S-1"}, headers=why), 409)
    entries = (await admin.get("/api/v1/audit?table_name=stores&order=id")).json()["items"]
    assert [(each["action"], each["reason"], each["request_id"], each["user_name"]) for each in entries] == [
        ("create", "they moved", "asked-by-hand", "the_admin"),
        ("update", "they moved", "asked-by-hand", "the_admin"),
    ]
    assert len({each["transaction_id"] for each in entries}) == 2
    assert {each["session_id"] for each in entries} != {None}
    assert entries[1]["after"] == {"name": "North", "tags": {}}
