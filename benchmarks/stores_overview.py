"""What keeping the overview of the fleet saves, and what keeping a person's rights would.

    python benchmarks/stores_overview.py [--stores 14092] [--polls 1822080] [--rounds 15] [--only sqlite|postgresql]

The page is asked for in the process of the server: computed, found in this process, and found in Redis, each beside the
floor, which is the cheapest request that also finds out who is asking. Medians of processor time of this process (the
databases and Redis are not in it) and of wall time, in milliseconds.
"""

import argparse
import asyncio
import logging
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from opsroom.core.audit.changes import state_of
from opsroom.core.auth.actions import create_user, open_session
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role, SessionKind
from opsroom.core.cache import Cache
from opsroom.main import create_app
from opsroom.settings import Settings
from opsroom.stores.recent import TABLES
from stores_trigger import FILES, GENERATOR, SECRET, database, execute, opsroom

PAGE, FLOOR = "/console/stores", "/api/v1/auth/me"
Step = Callable[[], Awaitable[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description="The overview of the fleet, computed and kept.")
    parser.add_argument("--stores", type=int, default=14_092)
    parser.add_argument("--polls", type=int, default=1_822_080)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = ["--stores", str(given.stores), "--polls", str(given.polls)]
        subprocess.run([sys.executable, GENERATOR, folder, *sizes], check=True)
        for engine in [given.only] if given.only else ["postgresql", "sqlite"]:
            measure(engine, folder, given.rounds)


def measure(engine: str, folder: Path, rounds: int) -> None:
    url, server = database(engine, folder)
    data = folder / f"{engine}_data"
    settled = {"OPSROOM_DATABASE_URL": url, "OPSROOM_DATA_DIR": str(data), "OPSROOM_SECRET_KEY": SECRET}
    opsroom(["db", "migrate"], {**os.environ, **settled})
    paths = [part for kind, name in FILES.items() for part in (f"--{kind}", str(folder / name))]
    opsroom(["stores", "import", *paths], {**os.environ, **settled})
    given = {"environment": "test", "data_dir": data, "database_url": url, "secret_key": SECRET}
    unlimited = dict.fromkeys(("rate_limit", "address_rate_limit", "sign_in_rate_limit"), "none")
    try:
        asyncio.run(steps(engine, create_app(Settings.model_validate(given | unlimited), work=False), rounds))
    finally:
        if server:
            asyncio.run(execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))


async def steps(engine: str, app: FastAPI, rounds: int) -> None:
    port = free_port()
    program = shutil.which("redis-server") or sys.exit("redis-server is not installed")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]
    transport = httpx.ASGITransport(app=app)
    cookies = {COOKIE: await signed_in(app)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:  # noqa: ASYNC220  it starts at once
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://bench", cookies=cookies) as client:
                await told(engine, app, client, f"redis://127.0.0.1:{port}", rounds)
        finally:
            server.terminate()
            await app.state.database.close()


async def told(engine: str, app: FastAPI, client: httpx.AsyncClient, redis_url: str, rounds: int) -> None:
    async def page() -> None:
        (await client.get(PAGE)).raise_for_status()

    async def floor() -> None:
        (await client.get(FLOOR)).raise_for_status()

    async def state() -> None:
        async with app.state.database.reading() as connection:
            await state_of(connection, TABLES)

    def empty(url: str | None = None) -> None:
        app.state.cache = Cache(app.state.metrics, url)

    redis = Redis.from_url(redis_url)
    while not await answers(redis):  # noqa: ASYNC110  another process, which rings no bell
        await asyncio.sleep(0.02)
    await redis.set("row", b"x" * 200)
    empty(redis_url)
    await page()
    lines: list[tuple[str, Callable[[], None], Step]] = [
        ("floor: who am I", lambda: None, floor),
        ("page, computed", empty, page),
        ("page, found in Redis", lambda: empty(redis_url), page),
        ("page, found in this process", lambda: None, page),
        ("the state of the trail alone", lambda: None, state),
        ("200 bytes from Redis", lambda: None, lambda: redis.get("row")),
    ]
    for name, before, step in lines:
        cpu, wall = await median(before, step, rounds)
        print(f"{engine:<11} {name:<29} {cpu:8.2f} ms processor {wall:8.2f} ms wall", flush=True)
    await redis.aclose()


async def answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except RedisError:
        return False


async def median(before: Callable[[], None], step: Step, rounds: int) -> tuple[float, float]:
    cpu, wall = [], []
    for _ in range(rounds):
        before()
        begun = time.process_time(), time.perf_counter()
        await step()
        cpu.append((time.process_time() - begun[0]) * 1000)
        wall.append((time.perf_counter() - begun[1]) * 1000)
    return statistics.median(cpu), statistics.median(wall)


async def signed_in(app: FastAPI) -> str:
    async with app.state.database.transaction() as session:
        person = await create_user(session, "bench", "a password for this benchmark", Role.ADMIN)
        kind = SessionKind.CONSOLE
        return str(await open_session(session, person, kind, app.state.tokens, ip=None, user_agent=None))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
