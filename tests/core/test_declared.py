"""The core's own resources: people, jobs, reports, artifacts."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from opsroom.core.auth.actions import create_user
from opsroom.core.auth.models import Role, User
from opsroom.core.clock import now
from opsroom.core.jobs.models import Job, JobStatus
from opsroom.core.storage.models import Artifact, ArtifactType

Problem = Callable[[httpx.Response, int], dict[str, Any]]
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]

PASSWORD = "a long enough password"
PATH = "/api/v1/users"


async def add(admin: httpx.AsyncClient, username: str = "wanjiru", **more: Any) -> dict[str, Any]:
    answer = await admin.post(PATH, json={"username": username, "password": PASSWORD, **more})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def sign_in(client: httpx.AsyncClient, password: str) -> httpx.Response:
    return await client.post("/api/v1/auth/token", data={"username": "wanjiru", "password": password})


async def test_a_created_person_can_sign_in_and_no_answer_shows_the_password(
    app: FastAPI, admin: httpx.AsyncClient, nobody: httpx.AsyncClient
) -> None:
    created = await add(admin, role="manager", email="w@example.org")
    assert (created["role"], created["is_superuser"], created["last_login"]) == ("manager", False, None)
    assert (await sign_in(nobody, PASSWORD)).status_code == 200
    for answer in (await admin.get(f"{PATH}/wanjiru"), await admin.get(PATH)):
        assert PASSWORD not in answer.text
        assert "password_hash" not in answer.text
        assert "argon2" not in answer.text
    async with app.state.database.reading() as connection:
        stored = await connection.scalar(select(User.password_hash).where(User.username == "wanjiru"))
    assert stored.startswith("$argon2id$")


async def test_a_new_password_ends_the_sign_ins_made_with_the_old_one(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    await add(admin)
    token = (await sign_in(nobody, PASSWORD)).json()["access_token"]
    assert (await admin.patch(f"{PATH}/wanjiru", json={"password": "another long password"})).status_code == 200
    problem_of(await nobody.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}), 401)
    problem_of(await sign_in(nobody, PASSWORD), 401)
    assert (await sign_in(nobody, "another long password")).status_code == 200


async def test_who_is_made_inactive_is_out_at_once(
    admin: httpx.AsyncClient, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    person = await add(admin)
    token = (await sign_in(nobody, PASSWORD)).json()["access_token"]
    assert (await admin.patch(f"{PATH}/{person['id']}", json={"is_active": False})).status_code == 200
    problem_of(await nobody.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}), 401)


async def test_people_are_not_deleted(admin: httpx.AsyncClient, problem_of: Problem) -> None:
    person = await add(admin)
    problem_of(await admin.delete(f"{PATH}/{person['id']}"), 405)


async def test_nobody_is_made_a_superuser_and_only_a_superuser_changes_one(
    app: FastAPI, admin: httpx.AsyncClient, problem_of: Problem
) -> None:
    assert (await add(admin, is_superuser=True))["is_superuser"] is False
    async with app.state.database.transaction() as session:
        await create_user(session, "root", PASSWORD, Role.ADMIN, is_superuser=True)
    taken_over = await admin.patch(f"{PATH}/root", json={"password": "another long password"})
    assert problem_of(taken_over, 403)["code"] == "superuser_only"


@pytest.mark.parametrize(
    "body", [{"username": "no spaces", "password": PASSWORD}, {"username": "w", "password": "short"}, {"role": "king"}]
)
async def test_a_person_needs_a_name_a_password_and_a_known_role(
    admin: httpx.AsyncClient, problem_of: Problem, body: dict[str, Any]
) -> None:
    problem_of(await admin.post(PATH, json=body), 422)


async def test_people_are_listed_by_name_and_found_by_role(admin: httpx.AsyncClient) -> None:
    for username, role in (("zawadi", "user"), ("amina", "manager")):
        await add(admin, username, role=role)
    everyone = (await admin.get(f"{PATH}?fields=username")).json()
    assert [each["username"] for each in everyone["items"]] == ["amina", "the_admin", "zawadi"]
    assert (await admin.get(f"{PATH}?role__in=user,manager&q=zaw")).json()["total"] == 1


async def test_jobs_are_listed_newest_first_and_filtered_by_status(app: FastAPI, user: httpx.AsyncClient) -> None:
    async with app.state.database.transaction() as session:
        for status in (JobStatus.FAILED, JobStatus.SUCCEEDED, JobStatus.FAILED):
            session.add(Job(type="test.nothing", payload={}, status=status, run_at=now(), result={"rows": 3}))
            await session.flush()
    listed = (await user.get("/api/v1/jobs")).json()
    assert [job["id"] for job in listed["items"]] == sorted((job["id"] for job in listed["items"]), reverse=True)
    assert listed["items"][0]["result"] == {"rows": 3}
    failed = (await user.get("/api/v1/jobs?status=failed")).json()
    assert {job["status"] for job in failed["items"]} == {"failed"}
    assert failed["total"] == 2
    assert "payload" not in listed["items"][0]


async def test_reports_and_artifacts_are_read(app: FastAPI, manager: httpx.AsyncClient) -> None:
    async with app.state.database.transaction() as session:
        artifact = Artifact(
            name="lot.csv",
            type=ArtifactType.DATASET,
            media_type="text/csv",
            sha256="a" * 64,
            size_bytes=1 << 40,
            tags={"lot": "7", "lane": "north"},
        )
        session.add(artifact)
    found = (await manager.get('/api/v1/artifacts?tags__contains={"lot":"7"}&size_bytes__gte=1099511627776')).json()
    assert [UUID(each["id"]) for each in found["items"]] == [artifact.id]
    assert (await manager.get('/api/v1/artifacts?tags__contains={"lot":"8"}')).json()["items"] == []
    assert (await manager.get("/api/v1/reports?order=-created_at,type")).json()["total"] == 0
