"""The app through its doors: what its declarations promise."""

import subprocess
import sys
from typing import Any

import httpx

CITIES = {
    "name": "city",
    "kind": "city",
    "terms": [{"value": "Nairobi", "synonyms": ["NBO", "the green city"]}, {"value": "Mombasa"}],
}
DATES = {"name": "when", "kind": "date", "terms": [{"value": "tomorrow", "synonyms": ["kesho"]}]}
NAMES = {"name": "whom", "kind": "name", "terms": [{"value": "Wanjiru"}]}


async def made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def test_an_assistant_knows_cities_dates_and_names(admin: httpx.AsyncClient, user: httpx.AsyncClient) -> None:
    weather = await made(admin, "/api/v1/assistants", {"name": "Weather", "language": "en"})
    path = f"/api/v1/assistants/{weather['id']}/entities"
    for entity in (CITIES, DATES, NAMES):
        assert (await made(admin, path, entity))["assistant_id"] == weather["id"]
    listed = (await user.get(path)).json()
    assert [(each["name"], each["kind"]) for each in listed["items"]] == [
        ("city", "city"),
        ("when", "date"),
        ("whom", "name"),
    ]
    assert listed["items"][0]["terms"][1] == {"value": "Mombasa", "synonyms": []}
    assert (await user.get("/api/v1/assistants/Weather")).json()["id"] == weather["id"]
    dates = (await user.get(path, params={"kind": "date"})).json()
    assert (dates["total"], dates["items"][0]["name"]) == (1, "when")


async def test_names_are_unique_entities_within_their_assistant(admin: httpx.AsyncClient) -> None:
    news = await made(admin, "/api/v1/assistants", {"name": "News", "language": "en"})
    radio = await made(admin, "/api/v1/assistants", {"name": "Radio", "language": "en"})
    again = await admin.post("/api/v1/assistants", json={"name": "News", "language": "sw"})
    assert (again.status_code, again.json()["fields"]) == (409, ["name"])
    for assistant in (news, radio):
        await made(admin, f"/api/v1/assistants/{assistant['id']}/entities", CITIES)
    twice = await admin.post(f"/api/v1/assistants/{news['id']}/entities", json=CITIES)
    assert (twice.status_code, twice.json()["code"]) == (409, "duplicate")


async def test_a_word_means_one_value(admin: httpx.AsyncClient) -> None:
    maps = await made(admin, "/api/v1/assistants", {"name": "Maps", "language": "en"})
    terms = [{"value": "Nairobi", "synonyms": ["town"]}, {"value": "Mombasa", "synonyms": ["Town"]}]
    refused = await admin.post(f"/api/v1/assistants/{maps['id']}/entities", json={**CITIES, "terms": terms})
    assert refused.status_code == 422
    assert "town would mean two values" in refused.text


async def test_an_assistant_takes_its_entities_along(admin: httpx.AsyncClient) -> None:
    brief = await made(admin, "/api/v1/assistants", {"name": "Brief", "language": "en"})
    path = f"/api/v1/assistants/{brief['id']}"
    entity = await made(admin, f"{path}/entities", NAMES)
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(f"{path}/entities/{entity['id']}")).status_code == 404


async def test_a_user_reads_and_does_not_write_and_nobody_sees_nothing(user: httpx.AsyncClient) -> None:
    refused = await user.post("/api/v1/assistants", json={"name": "Mine", "language": "en"})
    assert refused.status_code == 403
    del user.headers["Authorization"]
    assert (await user.get("/api/v1/assistants")).status_code == 401


async def test_what_was_changed_is_in_its_history(admin: httpx.AsyncClient) -> None:
    assistant = await made(admin, "/api/v1/assistants", {"name": "Histories", "language": "en"})
    path = f"/api/v1/assistants/{assistant['id']}"
    changed = await admin.patch(path, json={"language": "sw"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    history = (await admin.get(f"{path}/history")).json()
    assert [entry["action"] for entry in history["items"]] == ["create", "update"]


async def test_the_console_has_its_pages_without_a_line_of_html(admin: httpx.AsyncClient) -> None:
    await made(admin, "/api/v1/assistants", {"name": "Shown", "language": "en"})
    for path, shown in (("", "Shown"), ("/Shown", "en"), ("/Shown/entities", "entities"), ("/new", "language")):
        page = await admin.get(f"/console/r/assistants{path}")
        assert (page.status_code, shown in page.text) == (200, True), path


def test_its_schema_is_what_its_models_say() -> None:
    done = subprocess.run([sys.executable, "-m", "opsroom", "db", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
