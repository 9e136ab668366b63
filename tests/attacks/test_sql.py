"""Texts that would like to be SQL, wherever a text is taken."""

import ast
import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from tests.attacks.conftest import Serve, status_of
from tests.conftest import sign_in

import opsroom
from opsroom.core.auth.models import Role, User
from opsroom.stores.models import Store

PACKAGE = Path(opsroom.__file__).parent
SAYS_WHY = re.compile(r"# noqa: S608  \w")

TEXTS = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    '" OR 1=1 --',
    "1) UNION SELECT password_hash FROM users --",
    "x' || (SELECT password_hash FROM users LIMIT 1) || '",
    "$1; SELECT pg_sleep(20)",
    "%(name)s :name ? ?1 {0} %s",
    "\\'; DROP TABLE users; --",
    "\x00'; --",
    "name; --",
    "name COLLATE nocase",
    "(SELECT 1)",
    "/**/",
    "\ud83d\ude00'".encode("utf-16", "surrogatepass").decode("utf-16"),
]


@pytest.fixture
async def stores(admin: httpx.AsyncClient) -> httpx.AsyncClient:
    for number in range(3):
        made = await admin.post("/api/v1/stores", json={"external_id": f"s-{number}", "name": f"Store {number}"})
        assert made.status_code == 201
    return admin


async def whole(app: FastAPI) -> None:
    async with app.state.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(User)) >= 1
        assert await connection.scalar(select(func.count()).select_from(Store)) == 3


NAMES = (
    "q", "order", "fields", "cursor", "page", "name", "name__in", "name__icontains", "name__startswith", "name__gt",
    "created_at__gt", "id__in",
)  # fmt: skip


async def test_no_parameter_of_a_list_is_sql(app: FastAPI, stores: httpx.AsyncClient) -> None:
    for attack in TEXTS:
        for name in (*NAMES, attack):
            answer = await stores.get("/api/v1/stores", params={name: attack})
            assert answer.status_code in {200, 422}, (name, attack, answer.text)
            assert answer.status_code == 422 or answer.json()["items"] == [], (name, attack)
    await whole(app)


async def test_no_key_is_sql(app: FastAPI, stores: httpx.AsyncClient) -> None:
    for attack in TEXTS:
        quoted = quote(attack, safe="")
        for path in (quoted, f"{quoted}/history", f"{quoted}/uptime"):
            answer = await stores.get(f"/api/v1/stores/{path}")
            assert answer.status_code in {404, 422}, (path, answer.text)
    await whole(app)


async def test_what_is_written_comes_back_as_it_was(stores: httpx.AsyncClient) -> None:
    for number, attack in enumerate(TEXTS):
        made = await stores.post("/api/v1/stores", json={"external_id": f"new-{number}", "name": attack})
        if "\x00" in attack:
            assert made.status_code == 422
            continue
        assert made.json()["name"] == attack
        found = await stores.get("/api/v1/stores", params={"name": attack})
        assert [each["external_id"] for each in found.json()["items"]] == [f"new-{number}"]


async def test_no_path_into_json_is_sql(stores: httpx.AsyncClient) -> None:
    for attack in TEXTS:
        for value in (attack, json.dumps(attack), json.dumps([attack]), json.dumps({attack: attack})):
            answer = await stores.get("/api/v1/artifacts", params={"tags__contains": value})
            assert answer.status_code in {200, 422}, answer.text
            assert answer.status_code == 422 or answer.json()["items"] == []


CURSORS: tuple[Any, ...] = (
    ["name", "' OR 1=1 --", "x"],
    ["name) --", "a", "b"],
    ["password_hash", "a", "b"],
    ["name,-id", {"a": 1}, "b"],
    ["name,-id", ["a"], "b"],
    ["name,-id", 9e999, "b"],
    ["name,-id", "a", "' OR 1=1"],
    [],
    {"a": 1},
)


async def test_a_cursor_that_is_made_up_is_no_sql(stores: httpx.AsyncClient) -> None:
    for values in CURSORS:
        cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
        answer = await stores.get("/api/v1/stores", params={"cursor": cursor, "order": "name"})
        assert answer.status_code in {200, 422}, answer.text


async def test_letters_with_a_meaning_in_patterns_have_none_here(stores: httpx.AsyncClient) -> None:
    for pattern in ("%", "_", "S%e", "[a-z]", "\\", "*"):
        for name in ("q", "name__icontains", "name__startswith"):
            answer = await stores.get("/api/v1/stores", params={name: pattern})
            assert answer.json()["items"] == [], (name, pattern)


async def test_more_values_than_a_statement_takes_break_nothing(serve: Serve) -> None:
    wire = await serve()
    bearer = f"Authorization: Bearer {await sign_in(wire.app, Role.USER, 'wanjiru')}"
    for query in (f"name__in={'a,' * 40_000}", f"q={'+'.join(f'w{number}' for number in range(5000))}"):
        answer = await wire.get(f"/api/v1/stores?{query}", bearer)
        assert status_of(answer) in {200, 400, 414, 422, 431}, answer[:500]


async def test_a_field_that_is_not_shown_cannot_be_asked_after(admin: httpx.AsyncClient) -> None:
    for query in (
        "password_hash=x",
        "password_hash__startswith=%24argon",
        "order=password_hash",
        "fields=password_hash",
    ):
        assert (await admin.get(f"/api/v1/users?{query}")).status_code == 422, query
    for query in ("secret__startswith=whsec", "order=secret", "fields=secret"):
        assert (await admin.get(f"/api/v1/webhooks/endpoints?{query}")).status_code == 422, query


def test_sql_that_is_put_together_says_of_what() -> None:
    """Ruff (S608) finds the places; each has to say why no text from outside can be in it."""
    found = [
        (path, line) for path in PACKAGE.rglob("*.py") for line in path.read_text().splitlines() if "noqa: S608" in line
    ]
    assert found
    assert [line for _, line in found if not SAYS_WHY.search(line)] == []


def test_nothing_that_people_send_is_near_sql_that_is_put_together() -> None:
    """Routes, pages and the shapes of what comes in hand values on; they write no SQL, not even whole."""
    edges = [
        path
        for path in PACKAGE.rglob("*.py")
        if path.stem in {"api", "console", "schemas"} or path.stem.endswith("_api")
    ]
    assert len(edges) > 20
    written = {
        str(path.relative_to(PACKAGE)): node.lineno
        for path in edges
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text"
    }
    assert written == {}
