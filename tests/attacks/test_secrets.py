"""Secrets that go in: where they come out again, and everywhere they must not."""

import io
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.conftest import MakeApp

from opsroom.core.auth.actions import create_sign_in_link, create_user
from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role
from opsroom.core.clock import now
from opsroom.core.db.base import Base
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.logs import configure_logs
from opsroom.core.parts import NoPayload
from opsroom.core.webhooks.actions import Event, announce
from opsroom.settings import Settings, secret_key

PASSWORD = "kisumu-lakeside-17-evenings"
WRONG = "wrong-and-still-nobodys-business"
NEXT = "mombasa-old-town-29-mornings"
NO_COLUMN = text("UPDATE users SET nothing = :secret")
NO_NAME = text("INSERT INTO users (id, username, password_hash, role) VALUES (:id, NULL, :secret, 'user')")
HOOK = "whsec_" + "c2VjcmV0cyBvZiB3ZWJob29rcyBzdGF5IGhlcmUh"
PAGES = (
    "/api/v1/users",
    "/api/v1/users/otieno/history",
    "/api/v1/webhooks/endpoints",
    "/api/v1/webhooks/deliveries",
    "/api/v1/jobs",
    "/api/health",
    "/metrics",
    "/console/audit",
    "/console/webhooks",
)


@pytest.fixture(params=[True, False], ids=["json", "text"])
def logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What the program wrote to its logs, as it is set up in production and in development, of every level."""
    written = io.StringIO()
    root, client = logging.getLogger(), logging.getLogger("httpx")
    before = root.handlers[:], root.level, client.level
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(as_json=request.param, level="DEBUG")
    client.setLevel(logging.WARNING)  # of the tests, and no part of the program
    yield written.getvalue
    structlog.reset_defaults()
    root.handlers[:], root.level = before[:2]
    client.setLevel(before[2])


async def everything_stored(app: FastAPI) -> dict[str, str]:
    """Every table as text."""
    found = {}
    async with app.state.database.reading() as connection:
        for table in Base.metadata.sorted_tables:
            rows = (await connection.execute(text(f'SELECT * FROM "{table.name}"'))).all()
            found[table.name] = "\n".join(str(tuple(row)) for row in rows)
    return found


async def test_no_secret_is_logged_kept_or_told(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]], logged: Callable[[], str]
) -> None:
    async with app.state.database.transaction() as session:
        person = await create_user(session, "wanjiru", PASSWORD, Role.MANAGER)
        link = await create_sign_in_link(session, person.id)
    told: list[str] = []
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:

        async def ask(method: str, path: str, **how: object) -> httpx.Response:
            answer = await client.request(method, path, **how)  # type: ignore[arg-type]  # what the client takes
            told.append(answer.text)
            return answer

        pair = (await client.post("/api/v1/auth/token", data={"username": "wanjiru", "password": PASSWORD})).json()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        await ask("POST", "/api/v1/auth/token", data={"username": "wanjiru", "password": WRONG})
        await ask("POST", "/api/v1/auth/token", data={"username": "nobody", "password": WRONG})
        await ask("POST", "/console/sign-in", data={"username": "wanjiru", "password": WRONG})
        await ask("POST", "/api/v1/auth/token", content=f"password={PASSWORD}", headers={"Content-Type": "text/plain"})
        await ask("GET", f"/console/nothing?token={pair['access_token']}")
        browser = await client.post("/console/sign-in", data={"link": link})
        cookie = browser.cookies[COOKIE]
        refreshed = (await client.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json()
        await ask("POST", "/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})  # replayed
        again = (await client.post("/api/v1/auth/token", data={"username": "wanjiru", "password": PASSWORD})).json()
        bearer = {"Authorization": f"Bearer {again['access_token']}"}
        change = {"current_password": WRONG, "new_password": NEXT}
        await ask("POST", "/api/v1/auth/password", headers=bearer, json=change)
        await ask("POST", "/api/v1/auth/password", headers=bearer, json=change | {"current_password": PASSWORD})
    someone: dict[str, Any] = {"username": "otieno", "password": PASSWORD, "role": "user"}
    told.append((await admin.post("/api/v1/users", json=someone)).text)
    told.append((await admin.post("/api/v1/users", json=someone)).text)  # there is one of that name
    told.append((await admin.post("/api/v1/users", json=someone | {"username": None})).text)
    told.append((await admin.patch("/api/v1/users/otieno", json={"password": NEXT})).text)
    hook = {"url": "http://127.0.0.1:9/hook", "events": ["*"], "secret": HOOK}
    made = await admin.post("/api/v1/webhooks/endpoints", json=hook)
    told += [made.text, (await admin.post("/api/v1/webhooks/endpoints", json=hook | {"secret": f"{HOOK}!"})).text]
    renewed = (await admin.post(f"/api/v1/webhooks/endpoints/{made.json()['id']}/secret")).json()["secret"]
    async with app.state.database.transaction() as session:
        await announce(session, app.state.queue, [Event("stores.incident.opened", {}, now())])
    await work()
    for path in PAGES:
        told.append((await admin.get(path)).text)

    tokens = [made[name] for made in (pair, refreshed, again) for name in ("access_token", "refresh_token")]
    secrets = [PASSWORD, WRONG, NEXT, HOOK, renewed, link, cookie, cookie.partition(".")[2], *tokens]
    log = logged()
    assert "sign-in" in log or "/console/sign-in" in log, "something was logged at all"
    stored = await everything_stored(app)
    for secret in secrets:
        assert secret not in log
        assert not [answer for answer in told if secret in answer]
        assert [name for name, rows in stored.items() if secret in rows] == []


async def test_an_error_of_the_database_tells_no_values(
    app: FastAPI, admin: httpx.AsyncClient, logged: Callable[[], str], work: Callable[[], Awaitable[None]]
) -> None:
    """Drivers tell what they were given, PostgreSQL the whole row; what breaks is logged, and of a job kept."""

    async def broken() -> None:
        async with app.state.database.transaction() as session:
            await session.execute(NO_COLUMN, {"secret": HOOK})

    async def compute(_payload: NoPayload, _run: Run) -> None:
        async with app.state.database.transaction() as session:
            await session.execute(NO_NAME, {"id": uuid4().hex, "secret": HOOK})

    async def save(_session: AsyncSession, _payload: NoPayload, _computed: None, _run: Run) -> None:
        """It does not come to this."""

    app.router.add_api_route("/broken", broken)
    app.state.queue.declare([JobType("tests.broken", NoPayload, compute=compute, save=save)])
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, "tests.broken", NoPayload())
    assert (await admin.get("/broken")).status_code == 500
    await work()
    stored = await everything_stored(app)
    assert "username" in stored["jobs"], "the error itself is told"
    log = logged()
    assert "nothing" in log
    assert HOOK not in log + "".join(stored.values())


async def test_a_setting_that_is_wrong_is_told_without_its_value(make_app: MakeApp, settings: Settings) -> None:
    for name in ("database_url", "redis_url", "smtp_url", "secret_key", "storage_tiers"):
        with pytest.raises(Exception) as caught:  # noqa: PT011  the library's own
            Settings.model_validate({**settings.model_dump(), name: "hunter2"})
        assert "hunter2" not in str(caught.value)
        assert "hunter2" not in repr(settings)


def test_the_key_of_the_house_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings.model_validate({"environment": "test", "data_dir": tmp_path / "data"})
    kept = secret_key(settings)
    (path,) = (tmp_path / "data").glob("secret.key")
    assert path.stat().st_mode & 0o077 == 0
    assert kept not in repr(settings)
