"""A store's id is any text: also one that is a word of another path, or has a slash in it."""

import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest

IDS = ["sites", "incidents", "maintenance", "sla", "summary", "imports", "archives", "availability", "a/b", "ü 1?&#"]
WINDOW = {"from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"}


@pytest.fixture
async def polled(manager: httpx.AsyncClient) -> None:
    polls = [{"store_id": name, "timestamp_utc": "2026-10-01T12:00:00Z", "status": "inactive"} for name in IDS]
    answer = await manager.post("/api/v1/stores/observations", json=polls)
    assert answer.json()["added"] == len(IDS)


async def one(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    (found,) = (await client.get("/api/v1/stores", params={"external_id": name})).json()["items"]
    store: dict[str, Any] = found
    return store


@pytest.mark.usefixtures("polled")
async def test_the_list_of_stores_links_to_a_page_of_each(manager: httpx.AsyncClient) -> None:
    listed = (await manager.get("/console/stores/sites")).text
    links = re.findall(r'class="cell-main" href="(/console/stores/sites/[^"]+)"', listed)
    assert len(links) == len(IDS)
    for link in links:
        page = await manager.get(link)
        assert page.status_code == 200, link
        assert "Which files came in" not in page.text
    for name in IDS:
        page = await manager.get(f"/console/stores/sites/{quote(name)}")
        assert page.status_code == 200, name
        assert f"/api/v1/stores/incidents?store={quote(name)}" in page.text


@pytest.mark.usefixtures("polled")
@pytest.mark.parametrize("name", ["incidents", "archives", "a/b"])
async def test_by_its_id_every_store_has_all_paths_of_the_api(manager: httpx.AsyncClient, name: str) -> None:
    store = await one(manager, name)
    assert (await manager.get(f"/api/v1/stores/{store['id']}")).json()["external_id"] == name
    for what in ("timeline", "uptime", "incidents"):
        found = await manager.get(f"/api/v1/stores/{store['id']}/{what}", params=WINDOW)
        assert found.json()["store_id"] == name
    fleet = await manager.get("/api/v1/stores/incidents", params=WINDOW | {"store": name})
    assert [each["store_id"] for each in fleet.json()["incidents"]] == [name]
