"""People with passwords, and how they sign in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash

from opsroom.core.auth.actions import create_user
from opsroom.core.auth.models import Role
from opsroom.core.clock import now as real_now

PASSWORD = "correct horse battery"
SignIn = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def wanjiru(app: FastAPI) -> str:
    async with app.state.database.transaction() as session:
        await create_user(session, "wanjiru", PASSWORD, Role.MANAGER)
    return "wanjiru"


@pytest.fixture
def sign_in(nobody: httpx.AsyncClient) -> SignIn:
    async def ask(username: str, password: str = PASSWORD) -> httpx.Response:
        return await nobody.post("/api/v1/auth/token", data={"username": username, "password": password})

    return ask


@dataclass
class Clock:
    """What the program takes for the present."""

    ahead: timedelta = field(default_factory=timedelta)

    def forward(self, **span: float) -> None:
        self.ahead += timedelta(**span)


CLOCKED = ("doorkeeper", "guards", "standing", "actions", "keys", "last_use")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that a test moves forward, for all that decides about people but the age of access tokens."""
    turned = Clock()

    def now() -> datetime:
        return real_now() + turned.ahead

    for name in CLOCKED:
        monkeypatch.setattr(f"opsroom.core.auth.{name}.now", now)
    return turned


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that are compared with a hash, at the library's door."""
    seen: list[str] = []
    verify = PasswordHash.verify

    def counted(self: PasswordHash, password: Any, hash: Any) -> bool:  # noqa: A002  the library's name
        seen.append(password)
        return verify(self, password, hash)

    monkeypatch.setattr(PasswordHash, "verify", counted)
    return seen
