"""The depots and parcels of the tests of resources, with their pages."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.core.resources.conftest import DEPOT_PARCELS, DEPOTS, GRANTS, PARCELS, create_tables

from opsroom.core.auth.models import Role
from opsroom.core.auth.roles import CORE_GRANTS, bundle
from opsroom.core.console.catalogue import Catalogue
from opsroom.core.console.records.pages import pages_of
from opsroom.core.resources.routes import router_of
from opsroom.stores.permissions import GRANTS as STORES_GRANTS


@pytest.fixture
async def app(app: FastAPI) -> FastAPI:
    await create_tables(app.state.database)
    scratch = (DEPOTS, PARCELS, DEPOT_PARCELS)
    for resource in scratch:
        app.include_router(router_of(resource))
        app.include_router(pages_of(resource))
    console = app.state.console
    app.state.console = replace(console, catalogue=Catalogue((*console.catalogue.resources, *scratch)))
    app.state.role_permissions = bundle([CORE_GRANTS, GRANTS, STORES_GRANTS])
    return app


@pytest.fixture
async def manager(client_for: Any) -> httpx.AsyncClient:
    """A program of a manager; the browser `lead` is another manager's."""
    client: httpx.AsyncClient = await client_for(Role.MANAGER, "a_program")
    return client


@pytest.fixture
async def depot(manager: httpx.AsyncClient) -> dict[str, Any]:
    return await made(manager, "depots", code="MBA", town="Mombasa")


@pytest.fixture
async def parcels(manager: httpx.AsyncClient, depot: dict[str, Any]) -> list[dict[str, Any]]:
    """Three: a waiting one in the depot, a lost one, and a sent one with everything filled in."""
    return [
        await made(manager, "parcels", label="books", depot_id=depot["id"], pieces=3),
        await made(manager, "parcels", label="glass", state="lost", fragile=True),
        await made(
            manager, "parcels", label="wire", state="sent", weight_kg=1234.56789, price="19.90",
            ready_at="2026-11-20T09:30:00Z", due_on="2026-11-24", slot="10:00:00", tags=["red", "long"],
        ),
    ]  # fmt: skip


async def made(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


@pytest.fixture
async def clerk(browser: Any) -> httpx.AsyncClient:
    """May read depots and parcels, and not write them."""
    client: httpx.AsyncClient = await browser(Role.USER)
    return client
