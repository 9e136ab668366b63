"""What every page has: the rail by permission, the viewer's taste, error pages, and files that browsers keep."""

import gzip
import re
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.app import Page
from opsroom.core.console.render import Console


async def test_the_root_leads_to_the_console(stranger: httpx.AsyncClient) -> None:
    for path in ("/", "/console"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/")


async def test_the_rail_shows_what_the_person_may_see(app: FastAPI, reader: httpx.AsyncClient) -> None:
    console: Console = app.state.console
    pages = (Page("For all", "/console/a", "console.read"), Page("For few", "/console/b", "users.write"))
    app.state.console = replace(console, rail=pages)
    page = (await reader.get("/console/")).text
    assert 'href="/console/a"' in page
    assert 'href="/console/b"' not in page


async def test_lists_stand_in_the_rail_while_their_app_is_open(reader: httpx.AsyncClient) -> None:
    elsewhere, here = [(await reader.get(path)).text for path in ("/console/jobs", "/console/r/stores")]
    assert 'href="/console/r/sla-policies"' not in elsewhere
    assert 'href="/console/r/sla-policies"' in here
    assert '<a class="below" href="/console/r/stores" aria-current="page">Stores</a>' in here
    assert '<a href="/console/stores" aria-current="true">' in here


async def test_an_unknown_path_is_a_page_with_the_request_id(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/console/nothing-here", headers={"X-Request-Id": "asked-by-a-test"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "asked-by-a-test" in answer.text
    assert "No page has the address /console/nothing-here" in answer.text
    assert "the_user" in answer.text


async def test_a_crash_is_a_page_that_tells_nothing_from_inside(app: FastAPI, reader: httpx.AsyncClient) -> None:
    @app.get("/console/broken")
    async def broken() -> None:
        raise RuntimeError("the secret of the house")

    answer = await reader.get("/console/broken")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "the secret of the house" not in answer.text


async def test_a_forbidden_page_names_the_permission(app: FastAPI, reader: httpx.AsyncClient) -> None:
    answer = await reader.post("/console/jobs/0197aaaa-0000-7000-8000-000000000000/cancel")
    assert answer.status_code == 403
    assert "jobs.cancel" in answer.text


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_theme_chosen_without_scripts_is_in_the_next_page(stranger: httpx.AsyncClient, theme: str) -> None:
    answer = await stranger.post("/console/preferences", data={"theme": theme})
    assert answer.status_code == 303
    assert f'data-theme="{theme}"' in (await stranger.get("/console/sign-in")).text
    await stranger.post("/console/preferences", data={"theme": ""})
    assert "data-theme" not in (await stranger.get("/console/sign-in")).text


async def test_a_zone_chosen_without_scripts_is_in_the_next_page(stranger: httpx.AsyncClient) -> None:
    await stranger.post("/console/preferences", data={"zone": "Africa/Nairobi"})
    page = (await stranger.get("/console/sign-in")).text
    assert 'data-zone="Africa/Nairobi" data-zone-chosen' in page


@pytest.mark.parametrize("cookie", ["../../etc/passwd", "auto:Nowhere/At_All", "%00", "America/"])
async def test_a_zone_that_does_not_exist_is_utc(stranger: httpx.AsyncClient, cookie: str) -> None:
    stranger.cookies.set("opsroom_zone", cookie)
    assert 'data-zone="UTC"' in (await stranger.get("/console/sign-in")).text


async def test_files_are_kept_for_ever_under_the_name_of_their_content(stranger: httpx.AsyncClient) -> None:
    page = (await stranger.get("/console/sign-in")).text
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert {path.partition("?")[0] for path in found} >= {"/static/console.css", "/static/console.js"}
    for path in found:
        answer = await stranger.get(path.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_file_asked_for_without_its_version_is_asked_for_again(stranger: httpx.AsyncClient) -> None:
    first = await stranger.get("/static/console.css")
    assert first.headers["cache-control"] == "no-cache"
    again = await stranger.get("/static/console.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["../render.py", "..%2frender.py", "vendor/../../render.py", "nothing.css", ""])
async def test_no_path_leads_out_of_the_folder(stranger: httpx.AsyncClient, path: str) -> None:
    assert (await stranger.get(f"/static/{path}")).status_code == 404


async def test_a_first_page_with_all_its_files_weighs_less_than_100_kilobytes(
    app: FastAPI, reader: httpx.AsyncClient
) -> None:
    page = await reader.get("/console/")
    files = set(re.findall(r'(?:href|src)="(/static/[^"?]+)', page.text))
    assets = app.state.console.assets
    weight = len(gzip.compress(page.content)) + sum(len(assets[path[8:]].gzipped) for path in files)
    assert weight < 100_000
    assert page.headers["content-encoding"] == "gzip"


async def test_nothing_on_a_page_is_run_inline_or_loaded_from_elsewhere(reader: httpx.AsyncClient) -> None:
    page = (await reader.get("/console/")).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
