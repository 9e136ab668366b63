"""What the code on a certificate leads to."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.conftest import ClientFor
from tests.core.audit.sealed.conftest import Tamper, tamper  # noqa: F401  a fixture
from tests.core.console.conftest import browser, lead, reader, stranger  # noqa: F401  fixtures

from opsroom.core.audit.sealed.notes import signer_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.auth.models import Role

Q = "/api/v1/quality"
Problem = Callable[[httpx.Response, int], dict[str, Any]]


@pytest.fixture
async def manager(client_for: ClientFor) -> httpx.AsyncClient:
    return await client_for(Role.MANAGER, "maker")


@pytest.fixture
async def lot(manager: httpx.AsyncClient) -> str:
    await manager.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    made = await manager.post(f"{Q}/lots", json={"lot_number": "L/1 ü", "part_id": "P", "quantity": 10})
    return str(made.json()["id"])


async def sealed(app: FastAPI) -> None:
    await seal(app.state.database, [signer_of("a secret of the tests that is long enough", "tests")])


async def test_nothing_is_proved_before_the_first_sealing(
    manager: httpx.AsyncClient, lot: str, problem_of: Problem
) -> None:
    assert "Nothing is sealed yet" in problem_of(await manager.get(f"{Q}/lots/{lot}/proof"), 404)["detail"]


async def test_what_came_after_the_last_sealing_is_counted_as_waiting(
    app: FastAPI, manager: httpx.AsyncClient, lot: str
) -> None:
    await sealed(app)
    await manager.patch(f"{Q}/lots/{lot}", json={"line": "L9"})
    proof = (await manager.get(f"{Q}/lots/{lot}/proof")).json()
    assert (proof["lot_number"], len(proof["entries"]), proof["waiting"]) == ("L/1 ü", 1, 1)


async def test_only_those_who_may_take_the_trail_away(user: httpx.AsyncClient, lot: str, problem_of: Problem) -> None:
    for path in (f"lots/{lot}/proof", "proof-verifier"):
        assert problem_of(await user.get(f"{Q}/{path}"), 403)["permission"] == "quality.proofs.read"


async def test_the_page_says_what_waits_and_what_was_altered(
    app: FastAPI, tamper: Tamper, lead: httpx.AsyncClient, reader: httpx.AsyncClient, lot: str  # noqa: F811
) -> None:  # fmt: skip
    path = f"/console/quality/lots/{lot}/proof"
    assert "not sealed yet" in (await lead.get(path)).text
    await sealed(app)
    seen = (await lead.get(path)).text
    assert "as sealed" in seen
    assert f"{Q}/lots/{lot}/proof" in seen
    assert f"{Q}/lots/{lot}/proof" not in (await reader.get(path)).text, "a reader sees it and takes nothing away"
    await tamper("UPDATE audit_entries SET event = 'nothing' WHERE table_name = 'lots'")
    altered = (await lead.get(path)).text
    assert "altered" in altered
    assert "1 entries differ" in altered
