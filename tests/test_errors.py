"""Every error has one shape, says what to do, and tells nothing of the inside; what failed never answers 2xx."""

import asyncio
import errno
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import PUBLIC, allow
from opsroom.core.auth.models import Role
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.main import create_app
from opsroom.settings import Settings

Problem = Callable[[httpx.Response, int], dict[str, Any]]
ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]

NO_ID = "00000000-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
SECRET_WORDS = ("s3cret-inside", "Traceback", "sqlalchemy", "asyncpg", "sqlite3", "/src/", "SELECT")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/users/", 404, "not_found"),
        ("GET", f"/api/v1/users/{NO_ID}", 404, "not_found"),
        ("GET", "/api/v1/users/no%00body", 404, "not_found"),
        ("DELETE", "/api/v1/users", 405, "method_not_allowed"),
        ("PUT", f"/api/v1/jobs/{NO_ID}", 405, "method_not_allowed"),
        ("GET", "/api/v1/users?colour=red", 422, "unknown_parameter"),
        ("GET", "/api/v1/users?size=0", 422, "invalid"),
        ("GET", "/api/v1/users?cursor=%FF", 422, "cursor_unreadable"),
        ("GET", "/api/v1/users?created_at__lt=yesterday", 422, "invalid"),
        ("GET", "/api/v1/jobs/not-an-id", 404, "not_found"),
        ("POST", f"/api/v1/jobs/{NO_ID}/cancel", 404, "not_found"),
        ("POST", "/api/v1/jobs/not-an-id/cancel", 422, "invalid"),
        ("GET", f"/api/v1/jobs/{NO_ID}/events", 404, "not_found"),
    ],
)
async def test_a_wrong_path_or_question_is_a_problem(
    admin: httpx.AsyncClient, problem_of: Problem, method: str, path: str, status: int, code: str
) -> None:
    document = problem_of(await admin.request(method, path), status)
    assert document["code"] == code
    assert document["detail"].endswith(".")


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "malformed_json"),
        (b"\xff\xfe", JSON, 400, None),
        (b"", JSON, 422, "invalid"),
        (b"[]", JSON, 422, "invalid"),
        (b'"text"', JSON, 422, "invalid"),
        (b"{}", JSON, 422, "invalid"),
        (b'{"username": "x"', {"Content-Type": "text/plain"}, 422, "invalid"),
        (b'{"username": 1, "password": "long enough to be one"}', JSON, 422, "invalid"),
        (b'{"username": "\\ud800", "password": "long enough to be one"}', JSON, 422, "invalid"),
        (b"[" * 100_000, JSON, 400, None),
        (b" " * (17 << 20), JSON, 413, "too_large"),
    ],
)
async def test_a_wrong_body_is_a_problem(
    admin: httpx.AsyncClient,
    problem_of: Problem,
    content: bytes,
    headers: dict[str, str],
    status: int,
    code: str | None,
) -> None:
    document = problem_of(await admin.post("/api/v1/users", content=content, headers=headers), status)
    assert code is None or document["code"] == code


@pytest.mark.parametrize("header", [b"Bearer", b"Bearer x", b"Bearer a.b.c", b"Basic YTpi", b"Bearer \xff"])
async def test_a_wrong_credential_is_a_problem_and_names_the_scheme(
    nobody: httpx.AsyncClient, problem_of: Problem, header: bytes
) -> None:
    answer = await nobody.get("/api/v1/users", headers={b"Authorization": header})
    problem_of(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_who_may_not_is_told_which_permission_it_takes(user: httpx.AsyncClient, problem_of: Problem) -> None:
    document = problem_of(await user.get("/api/v1/users"), 403)
    assert document["permission"] == "users.read"


async def test_an_error_carries_the_id_of_its_request(admin: httpx.AsyncClient, problem_of: Problem) -> None:
    answer = await admin.get("/nowhere", headers={"X-Request-Id": "of-the-caller-1"})
    assert problem_of(answer, 404)["request_id"] == answer.headers["x-request-id"] == "of-the-caller-1"


# What breaks inside.

breaking = APIRouter(prefix="/breaking")


@breaking.get("/crash", dependencies=[allow(PUBLIC)])
async def crash() -> None:
    raise RuntimeError("s3cret-inside")


@breaking.get("/broken-statement", dependencies=[allow(PUBLIC)])
async def broken_statement(connection: Reading) -> None:
    await connection.execute(text("SELECT s3cret-inside FROM nowhere"))


@breaking.get("/full-disk", dependencies=[allow(PUBLIC)])
async def fill_the_disk() -> None:
    raise OSError(errno.ENOSPC, "s3cret-inside")


@breaking.post("/commit", dependencies=[allow(PUBLIC)])
async def fail_at_commit(session: Unit, database: TheDatabase) -> dict[str, str]:
    await break_deferred_reference(session, is_postgresql=database.is_postgresql)
    return {"status": "done"}


@breaking.post("/refuse-after-write")
async def refuse_after_write(session: Unit, _actor: Annotated[Actor, allow(PUBLIC)]) -> None:
    await session.execute(
        text("INSERT INTO workers (name, started_at, seen_at) VALUES ('left over', '2026-01-01', '2026-01-01')")
    )
    raise RuntimeError("s3cret-inside")


async def break_deferred_reference(session: AsyncSession, *, is_postgresql: bool) -> None:
    """Leave a row whose reference leads nowhere, in a way the database notices only at commit."""
    if is_postgresql:
        await session.execute(text("CREATE TABLE parent (id integer PRIMARY KEY)"))
        await session.execute(
            text("CREATE TABLE child (parent_id integer REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        )
        await session.execute(text("INSERT INTO child VALUES (1)"))
    else:
        await session.execute(text("PRAGMA defer_foreign_keys=ON"))
        await session.execute(
            text(
                "INSERT INTO sign_in_links (id, user_id, token_hash, expires_at)"
                " VALUES (hex(randomblob(16)), hex(randomblob(16)), 'x', '2026-01-01 00:00:00')"
            )
        )


@pytest.fixture
def broken_app(app: FastAPI) -> Iterator[FastAPI]:
    app.include_router(breaking)
    with capture_logs():  # a crash is logged with all it has, which takes long to print
        yield app


async def test_a_crash_says_nothing_of_the_inside(
    broken_app: FastAPI, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    for path in ("/breaking/crash", "/breaking/broken-statement"):
        answer = await nobody.get(path)
        assert problem_of(answer, 500)["code"] == "internal_error"
        assert not [word for word in SECRET_WORDS if word in answer.text]


async def test_a_full_disk_is_told_plainly(broken_app: FastAPI, nobody: httpx.AsyncClient, problem_of: Problem) -> None:
    answer = await nobody.get("/breaking/full-disk")
    assert problem_of(answer, 503)["code"] == "disk_full"
    assert not [word for word in SECRET_WORDS if word in answer.text]


async def test_a_commit_that_fails_never_answers_2xx(
    broken_app: FastAPI, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    problem_of(await nobody.post("/breaking/commit"), 409)


async def test_what_a_failed_request_wrote_is_gone(
    broken_app: FastAPI, nobody: httpx.AsyncClient, problem_of: Problem
) -> None:
    problem_of(await nobody.post("/breaking/refuse-after-write"), 500)
    async with broken_app.state.database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM workers")) == 0


async def test_a_database_that_does_not_answer_is_a_503(
    settings: Settings, app: FastAPI, client_for: ClientFor, problem_of: Problem, tmp_path: Path
) -> None:
    """The credential is good; only the database is away."""
    header = (await client_for(Role.USER)).headers
    url = (
        "postgresql://nobody@127.0.0.1:1/nothing"
        if app.state.database.is_postgresql
        else f"sqlite:///{tmp_path}/missing/opsroom.db"
    )
    before = set(threading.enumerate())
    away = create_app(Settings.model_validate({**settings.model_dump(), "database_url": url}), work=False)
    transport = httpx.ASGITransport(app=away, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", headers=header) as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).json() == {"status": "error", "database": "unavailable"}
        assert (await client.get("/livez")).status_code == 200
        assert problem_of(await client.get("/api/v1/jobs"), 503)["code"] == "database_unavailable"
        form = {"username": "wanjiru", "password": "whatever it is"}
        assert problem_of(await client.post("/api/v1/auth/token", data=form), 503)["code"] == "database_unavailable"
    await away.state.database.close()
    # The SQLite driver's threads report a failed opening to this loop, and may be late.
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)
