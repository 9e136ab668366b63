"""`opsroom audit` and its counterparts over HTTP, on a trail that real requests wrote."""

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import SECRET

from opsroom.core.audit_jobs import JOB
from opsroom.core.parts import NoPayload
from opsroom.settings import Settings


@pytest.fixture
def opsroom(settings: Settings) -> "Opsroom":
    return Opsroom(settings)


class Opsroom:
    """The program, run as an operator does."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {
            **os.environ,
            "OPSROOM_DATABASE_URL": settings.database,
            "OPSROOM_DATA_DIR": str(settings.data_dir),
            "OPSROOM_SECRET_KEY": SECRET,
        }

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "opsroom", "audit", *map(str, arguments)]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)


def verifies(export: Path, what: Path, key: str) -> bool:
    command = [sys.executable, "-I", str(export / "verify_trail.py"), str(what), "--key", key]
    return subprocess.run(command, check=False).returncode == 0


async def test_from_sealing_to_an_export_that_verifies(
    opsroom: Opsroom, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    created = await admin.post("/api/v1/webhooks/endpoints", json={"url": "https://example.com/", "events": ["*"]})
    assert created.status_code == 201, created.text
    assert opsroom("verify").returncode == 0
    assert opsroom("seal").stdout.endswith("in all\n")
    verdict = json.loads(opsroom("verify", "--json").stdout)
    assert (verdict["findings"], verdict["unsealed"]) == ([], 0)
    assert opsroom("reconcile").stdout == "0 differences\n"

    key = opsroom("key").stdout.strip()
    done = opsroom("export", tmp_path / "trail")
    assert done.stdout == f"{verdict['size']} entries written to {tmp_path / 'trail'}\n"
    assert verifies(tmp_path / "trail", tmp_path / "trail", key)
    assert opsroom("export", tmp_path / "trail").returncode == 2

    entry = (await admin.get("/api/v1/audit", params={"size": 1, "event": "webhook_endpoints.created"})).json()[
        "items"
    ][0]
    proof = tmp_path / "proof.json"
    proof.write_text(opsroom("prove", str(entry["id"])).stdout)
    assert verifies(tmp_path / "trail", proof, key)
    answer = await admin.get(f"/api/v1/audit/entries/{entry['id']}/proof")
    assert answer.json() == json.loads(proof.read_text())
    assert (await admin.get("/api/v1/audit/checkpoint")).text == opsroom("checkpoint").stdout
    grown = await admin.get("/api/v1/audit/consistency", params={"old_size": 2})
    assert grown.json() == json.loads(opsroom("prove", "--since", "2").stdout)


async def test_what_is_not_there_is_said_in_a_sentence(opsroom: Opsroom, admin: httpx.AsyncClient) -> None:
    refused = opsroom("checkpoint")
    assert (refused.returncode, refused.stderr) == (
        2,
        "opsroom: Nothing is sealed yet; `opsroom audit seal` does it now.\n",
    )
    answer = await admin.get("/api/v1/audit/checkpoint")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await admin.get("/api/v1/audit/entries/0/proof")).status_code == 422
    assert opsroom("prove").returncode == 2


async def test_a_job_seals_and_health_says_how_far(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    assert (await admin.get("/api/health")).json()["audit_sealed"] is None
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, JOB, NoPayload())
    await work()
    sealed = (await admin.get("/api/health")).json()["audit_sealed"]
    newest = (await admin.get("/api/v1/audit/checkpoint")).text
    assert newest.splitlines()[1] == str(sealed["entries"])
