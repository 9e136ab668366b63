"""The search of the top line."""

from typing import Any

import httpx
import pytest
from tests.core.console.conftest import Browser
from tests.core.console.records.page import words

from opsroom.core.auth.models import Role


@pytest.fixture
async def store(admin: httpx.AsyncClient) -> dict[str, Any]:
    made: dict[str, Any] = (await admin.post("/api/v1/stores", json={"external_id": "S-17", "name": "Mtwapa"})).json()
    return made


async def test_words_are_found_in_every_list_and_pages_by_their_titles(
    reader: httpx.AsyncClient, store: dict[str, Any]
) -> None:
    answer = await reader.get("/console/search", params={"q": "mtwa"})
    assert f'href="/console/r/stores/{store["id"]}"' in answer.text
    assert "S-17 Name Mtwapa" in words(answer.text)
    assert 'href="/console/jobs"' in (await reader.get("/console/search?q=job")).text.partition("<main")[2]


async def test_an_id_finds_its_record(reader: httpx.AsyncClient, store: dict[str, Any]) -> None:
    answer = await reader.get("/console/search", params={"q": store["id"]})
    assert f'href="/console/r/stores/{store["id"]}">S-17</a>' in answer.text


async def test_only_what_the_person_may_read_is_found(browser: Browser) -> None:
    reader, admin = await browser(Role.USER), await browser(Role.ADMIN)
    found = [(await each.get("/console/search?q=the_")).text.partition("<main")[2] for each in (reader, admin)]
    assert "/console/r/users/" not in found[0]
    assert "/console/r/users/" in found[1]


@pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=nothing+has+this", "q=" + "+".join("abcdefghijk")])
async def test_nothing_to_find_is_said(reader: httpx.AsyncClient, query: str) -> None:
    answer = await reader.get(f"/console/search?{query}")
    assert answer.status_code == 200
    assert "<table" not in answer.text
