"""The first page: how each app stands, and what is under way."""

import re

import httpx

GLANCE = re.compile(r'hx-get="([^"]+)"')


async def test_the_first_page_loads_how_each_app_stands(reader: httpx.AsyncClient) -> None:
    page = await reader.get("/console/")
    paths = GLANCE.findall(page.text)
    assert paths == ["/console/stores/glance", "/console/dispatch/glance", "/console/quality/glance"]
    said = [(await reader.get(path)).text for path in paths]
    assert "Nothing has been observed yet." in said[0]
    assert "Orders wait" in said[1]
    assert "To review" in said[2]


async def test_a_glance_is_a_part_of_a_page(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/console/quality/glance")
    assert answer.status_code == 200
    assert "<html" not in answer.text


async def test_a_stranger_sees_no_glance(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/console/stores/glance")
    assert answer.status_code in {303, 401, 403}
