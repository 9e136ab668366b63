"""Lines of the checklist that are shown nowhere else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from opsroom.core.audit.declaration import EXEMPT, audited_tables
from opsroom.core.clock import now
from opsroom.core.db.base import Base
from opsroom.quality.resources import RESOURCES

Q = "/api/v1/quality"
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
