"""Files through the API: in, out, kept, held, moved, and what happens when a disk lets us down."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from opsroom.core.artifacts.jobs import CHECK, RULES
from opsroom.core.auth.models import Role
from opsroom.core.clock import now
from opsroom.core.parts import NoPayload
from opsroom.core.storage.models import Artifact
from opsroom.settings import Settings

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Work = Callable[[], Awaitable[None]]
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]
PATH = "/api/v1/artifacts"
CONTENT = b"0123456789" * 200_000


async def kept(client: httpx.AsyncClient, content: bytes = CONTENT, **query: str) -> dict[str, Any]:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    answer = await client.post(
        f"{PATH}/files",
        params={"name": "scan é.txt", **query},
        content=pieces(),
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(client: httpx.AsyncClient, artifact: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"{PATH}/{artifact['id']}")).json()
    return found


def place(settings: Settings, artifact: dict[str, Any], tier: str = "hot") -> Path:
    folder = "artifacts" if tier == "hot" else f"artifacts-{tier}"
    sha256: str = artifact["sha256"]
    return settings.data_dir / folder / sha256[:2] / sha256


async def run(app: FastAPI, work: Work, job: str, payload: BaseModel | None = None) -> None:
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, job, payload or NoPayload())
    await work()


async def test_a_file_comes_out_as_it_went_in(manager: httpx.AsyncClient, settings: Settings) -> None:
    artifact = await kept(manager, type="dataset", tags='{"lot": "L-7"}')
    assert artifact["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (artifact["size_bytes"], artifact["media_type"], artifact["tier"]) == (2_000_000, "text/plain", "hot")
    whole = await manager.get(f"{PATH}/{artifact['id']}/download")
    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-disposition"] == "attachment; filename*=UTF-8''scan%20%C3%A9.txt"
    part = await manager.get(f"{PATH}/{artifact['id']}/download", headers={"Range": "bytes=5-8"})
    assert (part.status_code, part.content) == (206, b"5678")
    (listed,) = (await manager.get(f'{PATH}?tags__contains={{"lot":"L-7"}}&type=dataset')).json()["items"]
    assert listed["id"] == artifact["id"]
    assert list((settings.data_dir / "arriving").iterdir()) == []


async def test_the_way_in_takes_any_size_and_refuses_what_it_does_not_understand(manager: httpx.AsyncClient) -> None:
    assert (await kept(manager, b""))["size_bytes"] == 0
    for query in (
        {"name": ""},
        {"name": "x", "type": "song"},
        {"name": "x", "tags": "[1]"},
        {"name": "x", "tags": "{"},
    ):
        assert (await manager.post(f"{PATH}/files", params=query, content=b"x")).status_code == 422


async def test_somebody_elses_file_is_fetched_where_it_belongs(
    client_for: ClientFor, manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    artifact = await kept(manager)
    other, admin = await client_for(Role.MANAGER, "another"), await client_for(Role.ADMIN)
    path = f"{PATH}/{artifact['id']}"
    assert problem_of(await other.get(f"{path}/download"), 403)["permission"] == "artifacts.manage"
    assert (await other.delete(path)).status_code == 403
    assert (await other.patch(path, json={"name": "mine"})).status_code == 403
    assert (await admin.get(f"{path}/download")).status_code == 200


async def test_the_file_of_a_private_report_is_as_private(
    app: FastAPI, client_for: ClientFor, manager: httpx.AsyncClient
) -> None:
    artifact = await kept(manager)
    async with app.state.database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO reports (id, type, status, format, parameters, requested_by, permission, private, "
                "artifact_id, user_id) SELECT id, 'tests.x', 'complete', 'csv', '{}', 'x', 'audit.read', true, id, "
                "owner_id FROM artifacts"
            )
        )
    admin = await client_for(Role.ADMIN)
    assert (await admin.get(f"{PATH}/{artifact['id']}")).status_code == 404
    assert (await admin.get(f"{PATH}/{artifact['id']}/download")).status_code == 404


async def test_before_its_retention_date_a_file_is_kept(
    app: FastAPI, manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    later = now() + timedelta(days=30)
    artifact = await kept(manager, retain_until=later.isoformat())
    path = f"{PATH}/{artifact['id']}"
    assert problem_of(await manager.delete(path), 409)["code"] == "retained"
    for sooner in (None, (later - timedelta(days=1)).isoformat()):
        assert (
            problem_of(await manager.patch(path, json={"retain_until": sooner}), 409)["code"] == "retention_shortened"
        )
    assert (
        await manager.patch(path, json={"retain_until": (later + timedelta(days=1)).isoformat()})
    ).status_code == 200
    with pytest.raises(IntegrityError, match="retention date"):
        async with app.state.database.transaction() as session:
            await session.execute(text("DELETE FROM artifacts"))
    await manager.get(f"{path}/download")


async def test_a_retention_date_that_has_passed_keeps_nothing(manager: httpx.AsyncClient) -> None:
    artifact = await kept(manager, retain_until=(now() - timedelta(seconds=5)).isoformat())
    assert (await manager.delete(f"{PATH}/{artifact['id']}")).status_code == 204


async def test_a_legal_hold_beats_everything_until_it_is_released(
    client_for: ClientFor, manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    admin = await client_for(Role.ADMIN)
    artifact = await kept(manager)
    path = f"{PATH}/{artifact['id']}"
    assert (await manager.post(f"{path}/hold", json={"reason": "mine"})).status_code == 403
    held = (await admin.post(f"{path}/hold", json={"reason": "Complaint 2026-114"})).json()
    assert (held["legal_hold"], held["hold_reason"]) == (True, "Complaint 2026-114")
    assert problem_of(await admin.post(f"{path}/hold", json={"reason": "again"}), 409)["code"] == "held_already"
    for client in (manager, admin):
        assert problem_of(await client.delete(path), 423)["code"] == "legal_hold"
    assert (await admin.post(f"{path}/release", json={"reason": "closed"})).json()["legal_hold"] is False
    assert problem_of(await admin.post(f"{path}/release", json={"reason": "again"}), 409)["code"] == "not_held"
    assert (await manager.delete(path)).status_code == 204


async def test_content_is_never_exchanged(app: FastAPI, manager: httpx.AsyncClient) -> None:
    await kept(manager)
    with pytest.raises(IntegrityError, match="content of an artifact"):
        async with app.state.database.transaction() as session:
            await session.execute(update(Artifact).values(size_bytes=1))


async def test_a_file_moves_with_all_who_share_its_content(
    manager: httpx.AsyncClient, work: Work, settings: Settings, problem_of: Problem
) -> None:
    first, second = await kept(manager), await kept(manager, name="the same")
    answer = await manager.post(f"{PATH}/{first['id']}/move", json={"tier": "cold"})
    assert answer.status_code == 202
    await work()
    assert [(await shown(manager, each))["tier"] for each in (first, second)] == ["cold", "cold"]
    assert (place(settings, first).exists(), place(settings, first, "cold").exists()) == (False, True)
    for each in (first, second):
        assert (await manager.get(f"{PATH}/{each['id']}/download")).content == CONTENT
    again = await manager.post(f"{PATH}/{second['id']}/move", json={"tier": "cold"})
    assert problem_of(again, 409)["code"] == "in_tier"
    third = await kept(manager, name="handed in again")  # arrives in hot: each row finds it
    assert (await manager.get(f"{PATH}/{third['id']}/download")).content == CONTENT
    assert (await manager.post(f"{PATH}/{first['id']}/move", json={"tier": "hot"})).status_code == 202
    await work()
    assert (place(settings, first).exists(), place(settings, first, "cold").exists()) == (True, False)


async def test_rules_move_old_files_down_and_never_up(
    app: FastAPI, client_for: ClientFor, manager: httpx.AsyncClient, work: Work
) -> None:
    admin = await client_for(Role.ADMIN)
    for rule in (
        {"name": "reports", "type": "report", "after_days": 30, "tier": "warm"},
        {"name": "all", "after_days": 365, "tier": "archive"},
        {"name": "off", "after_days": 1, "tier": "cold", "active": False},
    ):
        assert (await admin.post("/api/v1/artifact-rules", json=rule)).status_code == 201
    ages = {"young": 3, "month": 40, "year": 400, "image": 40}
    files = {name: await kept(manager, name.encode(), type="image" if name == "image" else "report") for name in ages}
    async with app.state.database.transaction() as session:
        for name, days in ages.items():
            old = update(Artifact).where(Artifact.sha256 == files[name]["sha256"])
            await session.execute(old.values(created_at=now() - timedelta(days=days)))
    await run(app, work, RULES)
    tiers = {name: (await shown(manager, artifact))["tier"] for name, artifact in files.items()}
    assert tiers == {"young": "hot", "month": "warm", "year": "archive", "image": "hot"}
    await run(app, work, RULES)
    assert (await shown(manager, files["year"]))["tier"] == "archive"


@pytest.mark.parametrize(("damage", "code"), [(b"9" * 2_000_000, "artifact_corrupted"), (None, "artifact_missing")])
async def test_a_damaged_file_is_never_served_and_said_on_its_record(
    manager: httpx.AsyncClient, settings: Settings, problem_of: Problem, damage: bytes | None, code: str
) -> None:
    artifact = await kept(manager)
    path = place(settings, artifact)
    path.unlink() if damage is None else path.write_bytes(damage)
    for headers in ({}, {"Range": "bytes=0-3"}):
        answer = await manager.get(f"{PATH}/{artifact['id']}/download", headers=headers)
        assert problem_of(answer, 503)["code"] == code
    assert (await shown(manager, artifact))["damaged_at"] is not None


async def test_files_are_read_through_from_time_to_time(
    app: FastAPI, client_for: ClientFor, manager: httpx.AsyncClient, work: Work, settings: Settings
) -> None:
    whole, damaged = await kept(manager, b"whole"), await kept(manager, b"to be damaged")
    place(settings, damaged).write_bytes(b"damaged")
    await run(app, work, CHECK)
    first, second = await shown(manager, whole), await shown(manager, damaged)
    assert (first["verified_at"] is None, first["damaged_at"]) == (False, None)
    assert (second["verified_at"], second["damaged_at"] is None) == (None, False)
    admin = await client_for(Role.ADMIN)
    trail = (await admin.get("/api/v1/audit", params={"record_id": damaged["id"]})).text
    assert "artifacts.file.damaged" in trail
    place(settings, damaged).write_bytes(b"to be damaged")
    await run(app, work, CHECK)
    assert (await shown(manager, damaged))["damaged_at"] is None
