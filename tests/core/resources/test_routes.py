"""The routes that a declaration yields, over HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Record = dict[str, Any]

FULL = {
    "label": "Ündé/1",
    "state": "sent",
    "fragile": True,
    "pieces": 3,
    "weight_kg": 2.5,
    "price": "12.50",
    "ready_at": "2026-03-01T09:30:00.120000+03:00",
    "due_on": "2026-03-02",
    "slot": "14:05:00",
    "tags": {"lane": "north", "legs": [1, 2]},
}


async def test_a_record_reads_back_as_it_was_written_in_the_same_form_on_both_engines(
    manager: httpx.AsyncClient,
) -> None:
    created = await manager.post("/api/v1/parcels", json=FULL)
    assert created.status_code == 201, created.text
    record = created.json()
    expected = {**FULL, "ready_at": "2026-03-01T06:30:00.120000Z", "depot_id": None, "version": 1}
    assert {name: record[name] for name in expected} == expected
    assert created.headers["etag"] == '"1"'
    assert created.headers["location"] == f"/api/v1/parcels/{record['id']}"
    read = await manager.get(created.headers["location"])
    assert read.json() == record
    assert read.headers["etag"] == '"1"'
    listed = (await manager.get("/api/v1/parcels")).json()
    assert listed == {"items": [record], "total": 1, "page": 1, "size": 50, "pages": 1, "next_cursor": None}


async def test_a_patch_changes_what_it_names_and_counts_the_version(manager: httpx.AsyncClient, depot: Record) -> None:
    path = f"/api/v1/depots/{depot['id']}"
    changed = await manager.patch(path, json={"town": "Malindi"})
    assert changed.status_code == 200
    after = changed.json()
    assert (after["town"], after["code"], after["version"]) == ("Malindi", "MBA", 2)
    assert after["updated_at"] > depot["updated_at"]
    assert changed.headers["etag"] == '"2"'
    assert (await manager.get(path)).json() == after


async def test_an_empty_patch_changes_nothing(manager: httpx.AsyncClient, depot: Record) -> None:
    answer = await manager.patch(f"/api/v1/depots/{depot['id']}", json={})
    assert answer.json() == depot


async def test_a_write_on_an_old_version_is_refused_and_names_the_new_one(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    path = f"/api/v1/depots/{depot['id']}"
    first = await manager.patch(path, json={"town": "Lamu"}, headers={"If-Match": '"1"'})
    assert first.status_code == 200
    for answer in (
        await manager.patch(path, json={"town": "Kilifi"}, headers={"If-Match": '"1"'}),
        await manager.patch(path, json={}, headers={"If-Match": '"1"'}),
        await manager.patch(path, json={"town": "Kilifi"}, headers={"If-Match": 'W/"2"'}),
        await manager.delete(path, headers={"If-Match": '"1", "7"'}),
    ):
        document = problem_of(answer, 412)
        assert (document["code"], document["version"]) == ("changed_meanwhile", 2)
    assert (await manager.get(path)).json()["town"] == "Lamu"
    assert (await manager.delete(path, headers={"If-Match": '"1", "2"'})).status_code == 204
    problem_of(await manager.get(path), 404)


async def test_a_natural_key_is_taken_in_paths_beside_the_id(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    assert (await manager.get("/api/v1/depots/MBA")).json() == depot
    assert (await manager.patch("/api/v1/depots/MBA", json={"town": "Lamu"})).json()["town"] == "Lamu"
    assert (await manager.delete("/api/v1/depots/MBA")).status_code == 204
    assert "There is no depot MBA" in problem_of(await manager.get("/api/v1/depots/MBA"), 404)["detail"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("key", ["00000000-0000-7000-8000-000000000000", "nonsense", "a%00b"])
async def test_what_is_not_there_is_not_found(
    manager: httpx.AsyncClient, problem_of: Problem, method: str, key: str
) -> None:
    for path in ("/api/v1/parcels", "/api/v1/depots"):
        problem_of(await manager.request(method, f"{path}/{key}", json={}), 404)


async def test_a_taken_unique_value_is_a_conflict_that_names_the_field(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    again = problem_of(await manager.post("/api/v1/depots", json={"code": "MBA", "town": "Elsewhere"}), 409)
    assert (again["code"], again["fields"]) == ("duplicate", ["code"])
    await manager.post("/api/v1/depots", json={"code": "NBO", "town": "Nairobi"})
    renamed = problem_of(await manager.patch("/api/v1/depots/NBO", json={"code": "MBA"}), 409)
    assert renamed["fields"] == ["code"]
    path = "/api/v1/depots/MBA/parcels"
    assert (await manager.post(path, json={"label": "one"})).status_code == 201
    assert problem_of(await manager.post(path, json={"label": "one"}), 409)["fields"] == ["depot_id", "label"]


async def test_a_reference_that_leads_nowhere_is_a_conflict_that_names_it(
    manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    body = {"label": "one", "depot_id": "00000000-0000-7000-8000-000000000000"}
    document = problem_of(await manager.post("/api/v1/parcels", json=body), 409)
    assert (document["code"], document["fields"]) == ("reference", ["depot_id"])


async def test_what_is_referred_to_is_not_deleted_and_the_answer_says_by_what(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    await manager.post("/api/v1/depots/MBA/parcels", json={"label": "one"})
    document = problem_of(await manager.delete("/api/v1/depots/MBA"), 409)
    assert (document["code"], document["referring"]) == ("referred_to", ["parcels"])
    assert (await manager.get("/api/v1/depots/MBA")).status_code == 200


async def test_null_where_a_value_is_needed_is_invalid(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    parcel = (await manager.post("/api/v1/parcels", json={"label": "one"})).json()
    body = {"label": None}
    problem_of(await manager.patch(f"/api/v1/parcels/{parcel['id']}", json=body), 422)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"label": "a\0b"}, "label: text may not contain the character NUL."),
        ({"label": "a" * 81}, "label: the text has 81 characters, of at most 80."),
        ({"label": "a", "tags": {"k": ["a\0b"]}}, "tags: text may not contain the character NUL."),
        ({"label": "a", "pieces": 1 << 31}, "pieces: the number does not fit into 32 bits."),
        ({"label": "a", "pieces": 1 << 70}, "pieces: the number does not fit into 32 bits."),
        ({"label": "a", "price": "99999999.995"}, "price: the number has more than 8 digits before the point."),
    ],
)
async def test_what_one_engine_cannot_store_is_refused_on_both(
    manager: httpx.AsyncClient, problem_of: Problem, body: Record, sentence: str
) -> None:
    assert problem_of(await manager.post("/api/v1/parcels", json=body), 422)["detail"] == sentence


async def test_numbers_that_are_none_and_text_that_is_no_unicode_are_refused(
    manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b'{"label": "a", "weight_kg": NaN}', b'{"label": "a", "tags": ["\\ud800"]}', b'{"label": "\\ud800"}'):
        problem_of(await manager.post("/api/v1/parcels", content=body, headers=headers), 422)


async def test_a_nested_list_shows_the_parents_own_and_a_nested_record_is_found_only_there(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    await manager.post("/api/v1/depots", json={"code": "NBO", "town": "Nairobi"})
    mine = (await manager.post("/api/v1/depots/MBA/parcels", json={"label": "one"})).json()
    other = (await manager.post("/api/v1/depots/NBO/parcels", json={"label": "two"})).json()
    assert mine["depot_id"] == depot["id"]
    listed = (await manager.get(f"/api/v1/depots/{depot['id']}/parcels")).json()
    assert (listed["items"], listed["total"]) == ([mine], 1)
    nowhere = problem_of(await manager.get("/api/v1/depots/KIS/parcels"), 404)
    assert nowhere["detail"] == "There is no depot KIS."
    for method in ("GET", "PATCH", "DELETE"):
        answer = await manager.request(method, f"/api/v1/depots/MBA/parcels/{other['id']}", json={})
        assert problem_of(answer, 404)["detail"] == f"There is no depot parcel {other['id']}."
    problem_of(await manager.post("/api/v1/depots/KIS/parcels", json={"label": "three"}), 404)


async def test_who_may_not_know_of_a_row_gets_what_a_missing_one_gives(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem
) -> None:
    for code, secret in (("A", True), ("B", False), ("C", True)):
        await manager.post("/api/v1/depots", json={"code": code, "town": "Thika", "secret": secret})
    seen = (await user.get("/api/v1/depots?q=thika")).json()
    assert ([each["code"] for each in seen["items"]], seen["total"]) == (["B"], 1)
    assert (await manager.get("/api/v1/depots?q=thika")).json()["total"] == 3
    assert problem_of(await user.get("/api/v1/depots/A"), 404)["detail"] == "There is no depot A."
    problem_of(await user.get("/api/v1/depots/A/parcels"), 404)
    assert (await user.get("/api/v1/depots/B")).status_code == 200


async def test_every_answer_agrees_with_its_description(manager: httpx.AsyncClient, parcels: Any) -> None:
    record = (await manager.post("/api/v1/parcels", json=FULL)).json()
    parcels.read.model_validate(record, extra="forbid")
    narrowed = (await manager.get("/api/v1/parcels?fields=label,price")).json()
    assert narrowed["items"] == [{"label": FULL["label"], "price": "12.50"}]
    document = (await manager.get("/openapi.json")).json()
    operation = document["paths"]["/api/v1/parcels"]["get"]
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert {"weight_kg__gte", "state__in", "label__icontains", "ready_at__lt", "price__isnull"} <= set(names)
    assert {"tags__contains", "order", "fields", "q", "page", "size", "cursor", "total"} <= set(names)
    assert len(set(names)) == len(names)
    nested = document["paths"]["/api/v1/depots/{depot_id}/parcels/{depot_parcel_id}"]["patch"]
    assert [each["name"] for each in nested["parameters"]] == ["depot_id", "depot_parcel_id", "If-Match"]
