"""Two server processes on one database, and twenty clients that trigger a report at the same moment."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.conftest import SECRET
from tests.stores.conftest import Rows

from opsroom.settings import Settings

# Without a worker: a report that ends at once would make room for the next.
SERVE = """
import sys, uvicorn
from opsroom.main import create_app
from opsroom.settings import load_settings
uvicorn.run(create_app(load_settings(), work=False), fd=int(sys.argv[1]), log_level="warning")
"""

pytestmark = pytest.mark.slow


@pytest.fixture
async def two_servers(settings: Settings) -> AsyncIterator[list[str]]:
    environment = {
        **os.environ,
        "OPSROOM_DATABASE_URL": settings.database,
        "OPSROOM_DATA_DIR": str(settings.data_dir),
        "OPSROOM_SECRET_KEY": SECRET,
        "OPSROOM_OPEN_ENDPOINTS": "trigger_report",
    }
    # The listening sockets are made here: clients can connect before the servers are up, and no port is guessed.
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    servers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVE, str(each.fileno()), env=environment, pass_fds=[each.fileno()]
        )
        for each in sockets
    ]
    yield [f"http://127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for server in servers:
        server.terminate()
        await server.wait()
    for each in sockets:
        each.close()


async def test_one_report_is_made(two_servers: list[str], rows: Rows) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        for base in two_servers:
            assert (await client.get(f"{base}/livez")).status_code == 200
        answers = await asyncio.gather(*(client.post(f"{two_servers[n % 2]}/trigger_report") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert len({answer.json()["report_id"] for answer in answers}) == 1
    assert await rows("SELECT count(*) FROM reports") == [(1,)]
