"""Behind PgBouncer in transaction mode, where each transaction may run on another server connection."""

import asyncio
import getpass
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from tests.core.jobs.workshop import Workshop, writing

from opsroom.core.db.engine import Database, PoolOptions
from opsroom.core.jobs.models import JobStatus
from opsroom.core.jobs.queue import JobQueue

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
SETTINGS = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
{account}
"""


@pytest.fixture
def pooler(database_url: str) -> Iterator[str]:
    """A URL by way of a pooler that has two connections to the server."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("PgBouncer is absent; install it with `apt-get install pgbouncer` or `brew install pgbouncer`")
    url = make_url(database_url)
    host = str(url.query.get("host", url.host))
    folder = Path(f"/tmp/opsroom-pooler-{os.getpid()}")  # noqa: S108  a socket's path must be short
    folder.mkdir()
    account = ""
    if getpass.getuser() == "root":  # as whom it refuses to run; the server's account may open the server's socket
        owner = Path(host).owner() if host.startswith("/") else "nobody"
        shutil.chown(folder, owner)
        account = f"user = {owner}"
    settings = SETTINGS.format(host=host, port=url.port or 5432, user=url.username, folder=folder, account=account)
    (folder / "pgbouncer.ini").write_text(settings)
    process = subprocess.Popen([program, "-q", folder / "pgbouncer.ini"], stderr=subprocess.DEVNULL)
    try:
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, (folder / "pgbouncer.log").read_text()
        yield f"postgresql://{url.username}@/{url.database}?host={folder}&port=6432&pgbouncer=true"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


@pytest.fixture
async def pooled(pooler: str) -> AsyncIterator[Database]:
    database = Database(pooler, PoolOptions(size=10))
    yield database
    await database.close()


async def test_many_connections_of_ours_share_two_of_the_servers(pooled: Database) -> None:
    await _write(pooled, "CREATE TABLE effects (line text)")

    async def work(number: int) -> None:
        for _ in range(4):
            async with pooled.transaction() as session:
                await session.execute(text("INSERT INTO effects VALUES (:line)"), {"line": str(number)})
                assert await session.scalar(text("SELECT count(*) FROM effects WHERE line = :n"), {"n": str(number)})
            async with pooled.reading() as connection:
                assert await connection.scalar(select(text(f"{number}")).where(text("true"))) == number
            assert [tuple(row) for row in await pooled.direct.fetch("SELECT $1::int", (number,))] == [(number,)]

    await asyncio.gather(*(work(number) for number in range(10)))
    async with pooled.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM effects")) == 40


async def test_jobs_run_behind_a_pooler(pooled: Database) -> None:
    await _write(pooled, "CREATE TABLE effects (line text)")
    shop = Workshop(pooled, JobQueue([writing()]))
    worker = asyncio.create_task(shop.worker().run())
    job = await shop.ended(await shop.ask())
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert job.status is JobStatus.SUCCEEDED
    assert await shop.effects() == ["done"]


async def test_a_reading_connection_cannot_write_behind_a_pooler_either(pooled: Database) -> None:
    async with pooled.reading() as connection:
        with pytest.raises(Exception, match="read-only"):
            await connection.execute(text("DELETE FROM workers"))
    await _write(pooled, "DELETE FROM workers")


async def _write(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))
