"""The page about the API: each of its requests is sent, and answered as the page says."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
COMMAND = re.compile(r"^ask .*$", re.MULTILINE)
SERVER = "$OPSROOM"
# In the order of the page, where it is not 200.
OTHER_ANSWERS = {"POST /api/v1/stores": 201, "PUT /api/v1/stores/S-3": 201, "GET /api/v1/stores?colour": 422}


def request_of(command: str) -> tuple[str, str, dict[str, str], str | None]:
    """Method, address, headers and body of a curl command."""
    words = shlex.split(command)[1:]
    method, address, headers, body = "GET", "", {}, None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word in {"-d", "--data-binary"}:
            body = words.pop(0)
        else:
            address = word.removeprefix(SERVER)
    return method, address, headers, body


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_request_of_the_page_is_answered_as_it_says(admin: httpx.AsyncClient) -> None:
    commands = COMMAND.findall(PAGE.read_text())
    assert len(commands) >= 12
    for command in commands:
        method, address, headers, body = request_of(command)
        content = b"external_id,name\nS-5,Mill\nS-6,Bridge\n" if body == "@stores.csv" else (body or "").encode()
        answer = await admin.request(method, address, headers=headers, content=content)
        expected = OTHER_ANSWERS.get(
            f"{method} {address.partition('=')[0]}", 304 if "If-None-Match" in headers else 200
        )
        assert answer.status_code == expected, f"{command}: {answer.text}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_request_of_the_page_is_in_the_openapi_document(admin: httpx.AsyncClient) -> None:
    paths = (await admin.get("/openapi.json")).json()["paths"]
    for command in COMMAND.findall(PAGE.read_text()):
        method, address, _, body = request_of(command)
        parts = urlsplit(address)
        path = re.sub(r"/S-\d", "/{store_id}", parts.path)
        operation = paths[path][method.lower()]
        known = {parameter["name"] for parameter in operation["parameters"]}
        assert {name for name, _ in parse_qsl(parts.query)} <= known | {"colour"}
        if body and body.startswith("{"):
            json.loads(body)
