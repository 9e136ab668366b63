"""Secrets that are kept sealed, and what becomes of them while keys change."""

import base64
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.conftest import SECRET

from opsroom.core.clock import now
from opsroom.core.vault import SEALED, VAULT, Shut, Vault
from opsroom.core.webhooks.actions import Event, announce

FIRST, SECOND = "the first key, of more than thirty-two letters", "the second key, of more than thirty-two letters"
HOOK = "whsec_" + "c2VjcmV0cyBvZiB3ZWJob29rcyBzdGF5IGhlcmUh"
LONGEST = "whsec_" + base64.b64encode(bytes(64)).decode()
ENDPOINTS, DELIVERIES = "/api/v1/webhooks/endpoints", "/api/v1/webhooks/deliveries"


def test_what_is_sealed_is_opened_and_never_looks_the_same() -> None:
    vault = Vault((FIRST,))
    sealed = [vault.seal(HOOK) for _ in range(2)]
    assert [vault.open(each) for each in sealed] == [HOOK, HOOK]
    assert sealed[0] != sealed[1]
    assert HOOK not in sealed[0]
    assert len(vault.seal(LONGEST)) <= 200, "the column's length"


def test_a_former_key_opens_and_no_longer_seals() -> None:
    sealed = Vault((FIRST,)).seal(HOOK)
    both = Vault((SECOND, FIRST))
    assert both.open(sealed) == HOOK
    assert not both.is_of_the_present_key(sealed)
    assert both.is_of_the_present_key(both.seal(HOOK))
    with pytest.raises(Shut):
        Vault((SECOND,)).open(sealed)


@pytest.mark.parametrize("kept", [SEALED, f"{SEALED}AAAA", f"{SEALED}no base64!", f"{SEALED}{'A' * 100}"])
def test_what_was_tampered_with_stays_shut(kept: str) -> None:
    with pytest.raises(Shut):
        Vault((FIRST, SECOND)).open(kept)


async def stored(app: FastAPI) -> str:
    async with app.state.database.reading() as connection:
        found: str = await connection.scalar(text("SELECT secret FROM webhook_endpoints"))
        return found


async def made(admin: httpx.AsyncClient) -> None:
    body = {"url": "http://127.0.0.1:9/hook", "events": ["*"], "secret": HOOK}
    assert (await admin.post(ENDPOINTS, json=body)).status_code == 201


async def deliver(app: FastAPI, work: Callable[[], Awaitable[None]]) -> None:
    async with app.state.database.transaction() as session:
        await announce(session, app.state.queue, [Event("stores.incident.opened", {}, now())])
    await work()


async def test_every_way_of_setting_a_secret_seals_it(app: FastAPI, admin: httpx.AsyncClient) -> None:
    await made(admin)
    (endpoint,) = (await admin.get(ENDPOINTS)).json()["items"]
    seen = [await stored(app)]
    await admin.patch(f"{ENDPOINTS}/{endpoint['id']}", json={"secret": LONGEST})
    seen.append(await stored(app))
    await admin.patch(f"{ENDPOINTS}/{endpoint['id']}", json={"description": "the same secret"})
    assert await stored(app) == seen[-1]
    shown = (await admin.post(f"{ENDPOINTS}/{endpoint['id']}/secret")).json()["secret"]
    seen.append(await stored(app))
    vault = Vault((SECRET,))
    assert [vault.open(each) for each in seen] == [HOOK, LONGEST, shown]
    assert all(each.startswith(SEALED) for each in seen)


async def test_a_delivery_seals_anew_what_a_former_key_had_sealed(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    await made(admin)
    former = Vault((FIRST,)).seal(HOOK)
    async with app.state.database.transaction() as session:
        await session.execute(text("UPDATE webhook_endpoints SET secret = :former"), {"former": former})
    app.state.database._sessions.kw["info"][VAULT] = Vault((SECOND, FIRST))
    await deliver(app, work)
    assert Vault((SECOND,)).open(await stored(app)) == HOOK


async def test_a_secret_that_no_key_opens_is_said_to_be_lost(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    await made(admin)
    app.state.database._sessions.kw["info"][VAULT] = Vault((SECOND,))
    await deliver(app, work)
    (delivery,) = (await admin.get(DELIVERIES)).json()["items"]
    assert delivery["status"] == "failed"
    assert "draw a new one" in delivery["error"]
