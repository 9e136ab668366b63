"""A database of the test's own, migrated and seeded by the program itself, and clients of the two first users."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from opsroom.main import create_app
from opsroom.settings import load_settings

PASSWORD = "for tests only: no secret"


def opsroom(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "opsroom", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session", autouse=True)
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever the machine's settings are, tests have a folder of their own."""
    folder = tmp_path_factory.mktemp("data")
    for name in [name for name in os.environ if name.startswith("OPSROOM_") or name == "DATABASE_URL"]:
        del os.environ[name]
    os.environ |= {
        "OPSROOM_ENVIRONMENT": "test",
        "OPSROOM_DATA_DIR": str(folder),
        "OPSROOM_ADMIN_PASSWORD": PASSWORD,
        "OPSROOM_USER_PASSWORD": PASSWORD,
    }
    opsroom("db", "setup")
    return folder


async def client_of(username: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(load_settings(), work=False)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://assistants.test") as client:
        answer = await client.post("/api/v1/auth/token", data={"username": username, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client
    await app.state.database.close()


@pytest.fixture
async def admin() -> AsyncIterator[httpx.AsyncClient]:
    async for client in client_of("admin"):
        yield client


@pytest.fixture
async def user() -> AsyncIterator[httpx.AsyncClient]:
    async for client in client_of("user"):
        yield client
