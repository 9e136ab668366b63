"""Markup in every text that the database holds, and every page that leads anywhere from the first one."""

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Enum, String, Table, Text
from sqlalchemy.exc import DBAPIError
from tests.attacks.conftest import cookie_of

from opsroom.core.auth.models import Role
from opsroom.core.console.catalogue import ROOT
from opsroom.core.db.base import Base
from opsroom.migrations.histories import all_histories
from opsroom.migrations.samples import fill

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

MARK = "x9q"
PAYLOADS = (
    f"<script src=//{MARK}></script>",
    f"\"'><img src={MARK} onerror={MARK}>",
    f"javascript:{MARK}()",
    f"</textarea></title><svg onload={MARK}>",
    f"{{{{ {MARK} }}}}<b>",
)
MOST_PAGES = 900
RUNS = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)
LEADS = {"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-delete", "data", "xlink:href", "sse-connect"}
OURS = "/static/"


class Page(HTMLParser):
    """What a browser would make of a page: where it leads, and what in it would run."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.runs: list[str] = []
        self.marked = MARK in content
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given and "download" not in given:
            self.links.append(given["href"])
        self.runs += [f"<{tag} {name}>" for name in given if name.startswith(("on", "hx-on"))]
        self.runs += [f"<{tag} {name}={given[name]}>" for name in LEADS & given.keys() if RUNS.match(given[name])]
        if tag == "script" and not given.get("src", "").startswith(OURS):
            self.runs.append(f"<script {given}>")
        if tag in {"iframe", "object", "embed", "base", "meta"} and MARK in str(given):
            self.runs.append(f"<{tag} {given}>")
        if tag == "img" and given.get("src") == MARK:
            self.runs.append("<img>")


def texts_of(table: Table) -> Iterator[str]:
    for column in table.columns:
        plain = isinstance(column.type, String | Text) and not isinstance(column.type, Enum)
        if plain and not column.primary_key and not column.foreign_keys:
            yield column.name


async def write_markup_everywhere(app: FastAPI) -> int:
    """Into every text column of every row that takes it; gives the number of columns that did."""
    taken = 0
    async with app.state.database.transaction() as session:
        for table in Base.metadata.sorted_tables:
            if table.name.startswith("audit_") or table.name in {"users", "sessions", "sign_in_links", "jobs"}:
                continue
            for number, name in enumerate(texts_of(table)):
                column = table.columns[name]
                markup = PAYLOADS[number % len(PAYLOADS)][: column.type.length or None]  # type: ignore[attr-defined]  # a String
                if MARK not in markup:
                    continue
                try:
                    async with session.begin_nested():
                        done = await session.execute(table.update().values({name: markup}))
                except DBAPIError:  # a rule of the table, or only one row may have a value
                    continue
                taken += done.rowcount > 0
    return taken


async def walk(client: httpx.AsyncClient, start: str) -> dict[str, Page]:
    """Every page of the console that links lead to, each kind of address a few times."""
    found: dict[str, Page] = {}
    waiting, seen = deque([start]), {start}
    while waiting and len(found) < MOST_PAGES:
        path = waiting.popleft()
        answer = await client.get(path)
        assert b"\n" not in b"".join(value for _, value in answer.headers.raw)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        assert answer.status_code < 500 or "/console/r/" not in path, (path, answer.status_code)
        found[path] = Page(answer.text)
        for link in found[path].links:
            parts = urlsplit(urljoin(path, link))
            if parts.path.startswith("/console") and not parts.netloc and _kind(link) not in seen:
                seen.add(_kind(link))
                waiting.append(urljoin(path, link))
    return found


def _kind(link: str) -> str:
    """Lists that differ in their order or filters alone are of a kind."""
    parts = urlsplit(link)
    return parts.path + "?" + "&".join(sorted(re.findall(r"(?:^|&)([^=]+)=", parts.query)))


async def test_no_text_of_a_record_runs_on_any_page(app: FastAPI) -> None:
    for history in all_histories():
        await fill(app.state.database, history)
    assert await write_markup_everywhere(app) > 60
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:
        client.cookies.update(await cookie_of(app, Role.ADMIN, is_superuser=True))
        pages = await walk(client, "/console/")
    assert {path: page.runs for path, page in pages.items() if page.runs} == {}
    assert len([path for path in pages if path.startswith(ROOT)]) > 100
    assert len([path for path, page in pages.items() if page.marked]) > 60


@pytest.mark.parametrize(
    "path",
    [
        "/console/search?q={}",
        "/console/jobs?status={}",
        "/console/audit?q={}&table={}&who={}",
        "/console/r/stores?q={}&name__icontains={}&{}=1",
        "/console/r/stores/{}",
        "/console/stores?group={}&window={}",
        "/console/stores/sites?q={}&after={}",
        "/console/reports/new?report_type={}&group={}",
        "/console/sign-in?next={}&link={}",
        "/console/{}",
        "/console/dispatch?vehicle={}",
        "/console/quality?lot={}",
    ],
)
async def test_no_text_of_an_address_runs_on_its_page(app: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:
        client.cookies.update(await cookie_of(app, Role.ADMIN, is_superuser=True))
        for payload in PAYLOADS:
            answer = await client.get(path.replace("{}", str(httpx.QueryParams({"a": payload}))[2:]))
            assert answer.status_code < 500, answer.text
            assert Page(answer.text).runs == [], (path, payload)
