"""Lines of the checklist that are shown nowhere else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from tests.quality.conftest import PASSWORD, Person

from opsroom.core.audit.declaration import EXEMPT, audited_tables
from opsroom.core.audit.sealed.notes import signer_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.auth.models import Role
from opsroom.core.clock import now
from opsroom.core.db.base import Base
from opsroom.quality.resources import RESOURCES

Q = "/api/v1/quality"
REVIEWS = "/api/v1/audit/reviews"
Problem = Callable[[httpx.Response, int], dict[str, Any]]


def test_no_table_of_quality_opts_out_of_the_trail() -> None:
    audited = {table.name: table for table in audited_tables(Base.metadata)}
    for resource in RESOURCES:
        assert EXEMPT not in resource.table.info
        assert set(audited[resource.table.name].left_out) == {"version", "updated_at"}


async def test_legal_hold_is_a_lock(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    await manager.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    await manager.post(f"{Q}/lots", json={"lot_number": "L-1", "part_id": "P", "quantity": 10})
    held = await manager.put(f"{Q}/lots/L-1/legal-hold", json={"reason": "Case 7"})
    assert held.json()["legal_hold_reason"] == "Case 7"
    assert problem_of(await manager.delete(f"{Q}/lots/L-1"), 423)["code"] == "legal_hold"
    await manager.delete(f"{Q}/lots/L-1/legal-hold")
    assert (await manager.delete(f"{Q}/lots/L-1")).status_code == 204


async def test_a_review_of_the_trail_is_signed_and_goes_on_where_the_last_one_ended(
    app: FastAPI, person: Person, problem_of: Problem
) -> None:
    admin, manager = await person("ada", Role.ADMIN), await person("quinn", Role.MANAGER)
    signed = {"username": "ada", "password": PASSWORD, "outcome": "in_order"}
    assert problem_of(await admin.post(REVIEWS, json=signed), 404)["detail"].startswith("Nothing is sealed yet")
    signer = signer_of("a secret of the tests that is long enough", "tests")
    size = (await seal(app.state.database, [signer])).size
    assert problem_of(await manager.post(REVIEWS, json=signed), 403)["permission"] == "audit.review"
    problem_of(await admin.post(REVIEWS, json=signed | {"outcome": "findings"}), 422)
    problem_of(await admin.post(REVIEWS, json=signed | {"password": "no"}), 401)
    first = (await admin.post(REVIEWS, json=signed)).json()
    assert (first["since_size"], first["until_size"], first["printed_name"], first["meaning"]) == (
        0, size, "ada", "review",
    )  # fmt: skip
    assert problem_of(await admin.post(REVIEWS, json=signed), 409)["code"] == "nothing_to_review"
    await seal(app.state.database, [signer])
    found = signed | {"outcome": "findings", "remarks": "A gap on Sunday"}
    second = (await admin.post(REVIEWS, json=found)).json()
    assert second["since_size"] == size
    query = {"event": "audit.trail.reviewed", "order": "-id"}
    listed = (await admin.get("/api/v1/audit", params=query)).json()["items"]
    assert [each["facts"]["remarks"] for each in listed] == ["A gap on Sunday", None]
    await seal(app.state.database, [signer])
    proof = await admin.get(f"/api/v1/audit/entries/{listed[0]['id']}/proof")
    assert second["sha256"] in proof.json()["line"]


async def test_a_release_may_be_granted_to_a_person(
    person: Person, manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    admin, inez = await person("ada", Role.ADMIN), await person("inez", Role.USER)
    await manager.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    await manager.post(f"{Q}/lots", json={"lot_number": "L-1", "part_id": "P", "quantity": 10})
    inspection = (await manager.post(f"{Q}/inspections", json={"lot_id": "L-1", "type": "final"})).json()["id"]
    for step in ("start", "complete"):
        assert (await manager.post(f"{Q}/inspections/{inspection}/{step}", json={})).status_code == 200
    signed = {"username": "inez", "password": PASSWORD}
    problem_of(await inez.post(f"{Q}/lots/L-1/release", json=signed), 403)
    granted = await admin.post("/api/v1/users/inez/grants", json={"permission": "quality.lots.release"})
    assert granted.status_code == 204, granted.text
    released = await inez.post(f"{Q}/lots/L-1/release", json=signed)
    assert released.json()["lot"]["status"] == "released", released.text


async def test_nothing_was_measured_in_the_future(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    limits = {"bore": {"lower": 1, "upper": 2}}
    part = {"part_number": "P", "name": "Part", "type": "component", "specifications": limits}
    await manager.post(f"{Q}/parts", json=part)
    await manager.post(f"{Q}/lots", json={"lot_number": "L-1", "part_id": "P", "quantity": 10})
    await manager.post(f"{Q}/gauges", json={"gauge_number": "G", "name": "Gauge", "calibration_due": "2199-01-01"})
    inspection = (await manager.post(f"{Q}/inspections", json={"lot_id": "L-1", "type": "final"})).json()["id"]
    value = {
        "inspection_id": inspection, "characteristic": "bore", "unit_number": 1, "value": 1.5, "gauge_id": "G",
        "measured_at": (now() + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    assert problem_of(await manager.post(f"{Q}/measurements", json=value), 422)["field"] == "measured_at"
    made = await manager.post(f"{Q}/measurements", json=value | {"measured_at": None, "created_at": "2001-01-01"})
    assert made.json()["created_at"] > "2026"
