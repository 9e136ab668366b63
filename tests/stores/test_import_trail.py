"""Polls are exempt from the trail row by row: each import is one event with the file's hash and counts."""

import hashlib
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from tests.stores.conftest import HOURS, STATUS, HandIn

from opsroom.core.audit.log import AUDIT_LOG


async def test_an_import_is_one_event_and_its_polls_are_none(
    app: FastAPI, hand_in: HandIn, manager: httpx.AsyncClient
) -> None:
    done = await hand_in(status=STATUS, hours=HOURS)
    async with app.state.database.reading() as connection:
        found = await connection.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.id))
        entries: list[dict[str, Any]] = [dict(row) for row in found.mappings()]
    imported = {entry["facts"]["kind"]: entry for entry in entries if entry["event"] == "stores.observations.imported"}
    assert imported.keys() == {"status", "hours"}
    status = imported["status"]
    assert status["facts"] == {
        "kind": "status",
        "file_name": "my_status.csv",
        "sha256": hashlib.sha256(STATUS.encode()).hexdigest(),
        "read": 3,
        "accepted": 3,
        "added": 3,
        "rejected": {},
    }
    assert status["record_id"] == done["status"]["id"]
    assert status["user_name"] == "the_manager"
    assert status["job_id"] is not None
    assert not [entry for entry in entries if entry["table_name"] == "store_observations"]
    shifts = [entry for entry in entries if entry["table_name"] == "business_hours"]
    assert len(shifts) == 2  # hours are few and recorded row by row
    assert {entry["transaction_id"] for entry in shifts} == {status["transaction_id"]}
