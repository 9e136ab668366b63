"""Programs and databases that do not fit each other, or not yet."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from tests.migrating import environment_for, execute, fits, run_opsroom

from opsroom.migrations.check import SchemaMismatch
from opsroom.migrations.patience import waits


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DROP TABLE alembic_version", "the database has no tables yet; run `opsroom db migrate`"),
        ("UPDATE alembic_version SET version_num = '5e60411a21bc'", "older than this program"),
        ("UPDATE alembic_version SET version_num = 'ffffffffffff'", "newer than the program; install the newer"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused(database_url: str, statement: str, sentence: str) -> None:
    asyncio.run(fits(database_url))
    asyncio.run(execute(database_url, statement))
    with pytest.raises(SchemaMismatch, match=sentence):
        asyncio.run(fits(database_url))


@pytest.mark.parametrize("program", ["serve", "worker"])
def test_no_program_starts_on_a_schema_it_does_not_know(database_url: str, tmp_path: Path, program: str) -> None:
    asyncio.run(execute(database_url, "UPDATE alembic_version SET version_num = 'ffffffffffff'"))
    refused = run_opsroom(database_url, program, OPSROOM_PORT="0", OPSROOM_DATA_DIR=str(tmp_path))
    assert refused.returncode == 2
    assert "it is newer than the program" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("program", ["serve", "worker"])
def test_no_program_starts_on_an_empty_database(empty_url: str, tmp_path: Path, program: str) -> None:
    refused = run_opsroom(empty_url, program, OPSROOM_PORT="0", OPSROOM_DATA_DIR=str(tmp_path))
    assert refused.returncode == 2
    assert "run `opsroom db migrate`" in refused.stderr


@pytest.mark.parametrize("program", [("serve",), ("worker",), ("db", "migrate")])
def test_without_a_database_no_program_starts_and_each_says_why(tmp_path: Path, program: tuple[str, ...]) -> None:
    refused = run_opsroom(
        "postgresql://nobody:p4ssw0rd@127.0.0.1:1/nothing",
        *program,
        OPSROOM_DATA_DIR=str(tmp_path),
        OPSROOM_DATABASE_WAIT="0",
    )
    assert refused.returncode == 2
    assert "the database does not answer" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr
    assert "p4ssw0rd" not in refused.stderr + refused.stdout


@pytest.mark.parametrize(
    ("patience", "expected"), [(0, []), (0.1, [0.1]), (1, [0.25, 0.5, 0.25]), (3.75, [0.25, 0.5, 1, 2])]
)
def test_each_wait_for_a_late_database_is_twice_the_last(patience: float, expected: list[float]) -> None:
    assert list(waits(patience)) == expected


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_a_database_that_comes_up_late_is_waited_for(empty_url: str) -> None:
    url = make_url(empty_url)
    socket = f"{url.query['host']}/.s.PGSQL.5432" if "host" in url.query else None
    async with doorway(socket, str(url.host), url.port or 5432) as (port, open_up):
        late = url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opsroom", "db", "migrate"),
            env=environment_for(late),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        seen = [await process.stdout.readline()]
        while b"waiting for the database" not in seen[-1]:
            seen.append(await process.stdout.readline())
            assert seen[-1], b"".join(seen).decode()
        await open_up()
        rest = await process.stdout.read()
        assert await process.wait() == 0, rest.decode()


@asynccontextmanager
async def doorway(socket: str | None, host: str, port: int) -> AsyncIterator[tuple[int, Any]]:
    """A TCP port that leads to the server once it is opened."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await (asyncio.open_unix_connection(socket) if socket else asyncio.open_connection(host, port))
        await asyncio.gather(_pour(reader, there[1]), _pour(there[0], writer))

    server = await asyncio.start_server(lead, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    opened: list[asyncio.Server] = []

    async def open_up() -> None:
        opened.append(await asyncio.start_server(lead, "127.0.0.1", number))

    yield number, open_up
    for each in opened:
        each.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
