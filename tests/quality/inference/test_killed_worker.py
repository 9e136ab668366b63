"""`kill -9` of the program while a model looks at images: done once afterwards."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.quality.inference.conftest import NUMBER, hand_in, infer, listed, png

StartWorker = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(database_url: str, app: object, tmp_path: Path) -> Iterator[StartWorker]:
    """Start `opsroom worker` on the application's database and files."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**settings: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "OPSROOM_ENVIRONMENT": "test",
            "OPSROOM_DATABASE_URL": database_url,
            "OPSROOM_DATA_DIR": str(tmp_path / "data"),
            "OPSROOM_JOB_LEASE_SECONDS": "2",
            **settings,
        }
        worker = subprocess.Popen([sys.executable, "-m", "opsroom", "worker"], env=environment)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.fixture
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """An address where somebody listens and never answers, and the moment when it was asked something."""
    asked = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    yield f"http://{host}:{port}", asked
    server.close()


async def test_what_a_killed_worker_was_looking_at_is_looked_at_once_more_and_written_once(
    user: httpx.AsyncClient,
    inspection: str,
    start_worker: StartWorker,
    silent_server: tuple[str, asyncio.Event],
) -> None:
    url, asked = silent_server
    await hand_in(user, inspection, png(NUMBER, ["contamination"]), unit=1)
    await hand_in(user, inspection, png(NUMBER + 1, []), unit=2)
    await infer(user, inspection)

    first = start_worker(OPSROOM_INFERENCE_URL=url)
    async with asyncio.timeout(120):
        await asked.wait()
    runs = await listed(user, "inference-jobs")
    assert [(run["status"], run["attempts"], run["server"]) for run in runs] == [("running", 1, url)] * 2
    first.send_signal(signal.SIGKILL)
    first.wait()

    start_worker()
    async with asyncio.timeout(120):
        while {run["status"] for run in await listed(user, "inference-jobs")} != {"succeeded"}:  # noqa: ASYNC110  another process does it
            await asyncio.sleep(0.05)
    runs = await listed(user, "inference-jobs")
    assert [(run["attempts"], run["server"], run["error"]) for run in runs] == [(2, "onnx", None)] * 2
    assert [each["type"] for each in await listed(user, "defects")] == ["contamination"]
