"""Many records at once, records put by their natural key, what a reader has already, and what became of a record."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from opsroom.core.actor import SYSTEM
from opsroom.core.db.engine import Database
from opsroom.core.errors import Refusal
from opsroom.core.resources.crud import create_items
from opsroom.core.resources.declaration import Resource

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Record = dict[str, Any]

BULK = "/api/v1/depots/bulk"


async def towns(client: httpx.AsyncClient) -> dict[str, str]:
    listed = (await client.get("/api/v1/depots?order=code")).json()
    return {each["code"]: each["town"] for each in listed["items"]}


async def test_many_are_deleted_updated_and_created_in_this_order_in_one_request(
    manager: httpx.AsyncClient, depot: Record
) -> None:
    other = (await manager.post("/api/v1/depots", json={"code": "NBO", "town": "Nairobi"})).json()
    answer = await manager.post(
        BULK,
        json={
            "create": [{"code": "MBA", "town": "Mombasa again"}, {"code": "KIS", "town": "Kisumu"}],
            "update": [{"key": "NBO", "version": 1, "values": {"town": "Nairobi West"}}],
            "delete": [{"key": depot["id"]}],
        },
    )
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert [each["code"] for each in done["created"]] == ["MBA", "KIS"]
    assert [(each["id"], each["version"]) for each in done["updated"]] == [(other["id"], 2)]
    assert done["deleted"] == 1
    assert await towns(manager) == {"KIS": "Kisumu", "MBA": "Mombasa again", "NBO": "Nairobi West"}


@pytest.mark.parametrize(
    ("changes", "status", "where"),
    [
        ({"create": [{"code": "A", "town": "x"}, {"code": "MBA", "town": "x"}]}, 409, ("create", 1)),
        ({"create": [{"code": "A", "town": "x"}, {"code": "A", "town": "y"}]}, 409, ("create", 1)),
        ({"update": [{"key": "MBA", "version": 7, "values": {"town": "x"}}]}, 412, ("update", 0)),
        ({"create": [{"code": "A", "town": "x"}], "delete": [{"key": "MBA"}, {"key": "KIS"}]}, 404, ("delete", 1)),
    ],
)
async def test_one_change_that_cannot_be_made_undoes_all_and_is_named(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem, changes: Record, status: int, where: tuple[str, int]
) -> None:
    document = problem_of(await manager.post(BULK, json=changes), status)
    assert (document["list"], document["index"]) == where
    assert await towns(manager) == {"MBA": "Mombasa"}


async def test_more_than_a_thousand_of_a_kind_are_refused(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    problem_of(await manager.post(BULK, json={"delete": [{"key": "A"}] * 1001}), 422)


async def test_of_many_created_each_has_its_own_answer_and_the_refused_leave_nothing(
    scratch: Database, depots: Resource
) -> None:
    rows = [{"code": code, "town": town} for code, town in (("A", "x"), ("B", "a\0b"), ("A", "y"), ("C", "z"))]
    async with scratch.transaction() as session:
        done = await create_items(session, depots, rows, SYSTEM)
    codes = [each.code if isinstance(each, Refusal) else each.record["code"] for each in done]
    assert codes == ["A", "invalid", "duplicate", "C"]


async def test_rows_with_different_fields_and_nulls_are_created_in_the_order_given(
    scratch: Database, parcels: Resource
) -> None:
    rows: list[Record] = [{"label": "a", "tags": None}, {"label": "b"}, {"label": "c", "tags": ["x"], "pieces": 5}]
    rows += [{"label": "d", "tags": None}, {"label": "e", "tags": "null"}]
    async with scratch.transaction() as session:
        done = await create_items(session, parcels, rows, SYSTEM)
    records = [each.record for each in done if not isinstance(each, Refusal)]
    found = [(each["label"], each["tags"], each["pieces"]) for each in records]
    assert found == [("a", None, 1), ("b", None, 1), ("c", ["x"], 5), ("d", None, 1), ("e", "null", 1)]


async def test_a_record_is_put_by_its_natural_key_whether_it_is_there_or_not(
    manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    path = "/api/v1/depots/KIS"
    created = await manager.put(path, json={"code": "KIS", "town": "Kisumu", "secret": True})
    assert (created.status_code, created.headers["etag"]) == (201, '"1"')
    replaced = await manager.put(path, json={"code": "KIS", "town": "Kisumu East"})
    assert (replaced.status_code, replaced.headers["etag"]) == (200, '"2"')
    record = replaced.json()
    assert (record["id"], record["town"], record["secret"]) == (created.json()["id"], "Kisumu East", False)
    stale = await manager.put(path, json={"code": "KIS", "town": "x"}, headers={"If-Match": '"1"'})
    assert problem_of(stale, 412)["version"] == 2
    other = await manager.put(path, json={"code": "NBO", "town": "x"})
    assert "the body says NBO" in problem_of(other, 422)["detail"]
    unseen = await manager.put("/api/v1/depots/NEW", json={"code": "NEW", "town": "x"}, headers={"If-Match": '"1"'})
    problem_of(unseen, 412)
    assert await towns(manager) == {"KIS": "Kisumu East"}


async def test_who_has_the_record_already_is_not_sent_it_again(manager: httpx.AsyncClient, depot: Record) -> None:
    for header in ('"1"', 'W/"1"', '"7", "1"', "*"):
        answer = await manager.get("/api/v1/depots/MBA", headers={"If-None-Match": header})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    await manager.patch("/api/v1/depots/MBA", json={"town": "Lamu"})
    assert (await manager.get("/api/v1/depots/MBA", headers={"If-None-Match": '"1"'})).json()["town"] == "Lamu"


async def test_the_history_of_a_record_tells_who_changed_what_and_why(admin: httpx.AsyncClient) -> None:
    path = "/api/v1/webhooks/endpoints"
    body = {"url": "https://hooks.example.com/a", "events": ["stores.*"], "secret": "whsec_" + "QUJD" * 8}
    created = (await admin.post(path, json=body)).json()
    await admin.patch(f"{path}/{created['id']}", json={"active": False}, headers={"X-Reason": "it is noisy"})
    first = (await admin.get(f"{path}/{created['id']}/history?size=1")).json()
    assert first["items"][0]["after"]["url"] == body["url"]
    rest = (await admin.get(f"{path}/{created['id']}/history?size=1&cursor={first['next_cursor']}")).json()
    (change,) = rest["items"]
    assert (change["event"], change["before"], change["after"]) == (
        "webhook_endpoints.updated",
        {"active": True},
        {"active": False},
    )
    assert (change["user_name"], change["reason"], rest["next_cursor"]) == ("the_admin", "it is noisy", None)
    whole = await admin.get(f"{path}/{created['id']}/history")
    assert "whsec" not in whole.text
    assert "secret" not in whole.text


async def test_what_was_deleted_has_a_history_for_who_may_read_the_trail(
    admin: httpx.AsyncClient, problem_of: Problem
) -> None:
    path = "/api/v1/webhooks/endpoints"
    body = {"url": "https://hooks.example.com/a", "events": ["stores.*"]}
    created = (await admin.post(path, json=body)).json()
    assert (await admin.delete(f"{path}/{created['id']}")).status_code == 204
    told = (await admin.get(f"{path}/{created['id']}/history")).json()["items"]
    assert [each["action"] for each in told] == ["create", "delete"]
    problem_of(await admin.get(f"{path}/00000000-0000-7000-8000-000000000000/history"), 404)
    problem_of(await admin.get(f"{path}/{created['id']}/history?page=2"), 422)


async def test_the_history_of_what_one_may_not_know_of_is_not_found(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem
) -> None:
    await manager.post("/api/v1/depots", json={"code": "HID", "town": "x", "secret": True})
    assert (await manager.get("/api/v1/depots/HID/history")).status_code == 200
    problem_of(await user.get("/api/v1/depots/HID/history"), 404)


def test_a_declaration_that_promises_what_nothing_keeps_unique_is_refused(depots: Resource) -> None:
    def declared(*unique: str | tuple[str, ...]) -> Resource:
        return Resource(
            model=depots.model, prefix="/x", read=depots.read, permission="depots", unique_fields=tuple(unique)
        )

    assert declared("code").unique == (("code",),)
    with pytest.raises(TypeError, match=r"keeps .*town.* unique"):
        declared(("town",))
