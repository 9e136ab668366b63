"""`/console/search`: what has these words in it, in every list that the person may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import label_of_record, list_path, record_path, title_of
from opsroom.core.console.rail import rail_of
from opsroom.core.console.records.listing import Column, Row, read_table
from opsroom.core.console.records.references import Names
from opsroom.core.console.records.values import plain
from opsroom.core.console.render import console_of, render
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.session import TheDatabase
from opsroom.core.db.views import UUID_TEXT
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.resources.crud import get_item
from opsroom.core.resources.declaration import Resource

router = APIRouter(include_in_schema=False)

SHOWN = 5  # of each list
MOST_SAID = 4  # values of each hit
LONGEST = 200  # characters


@dataclass(frozen=True, slots=True)
class Hit:
    """said: what else its list shows of it, as (label, value)"""

    path: str
    label: str
    said: Sequence[tuple[str, Markup]] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """more: the whole list of what fits, where there is more than is shown"""

    title: str
    hits: Sequence[Hit]
    more: str = ""


@router.get("/console/search", name="console_search")
async def search(
    request: Request, database: TheDatabase, actor: Annotated[Actor, allow("console.read")], q: str = ""
) -> Response:
    words = q.strip()[:LONGEST]
    names = Names(database, console_of(request).catalogue, actor)
    groups = [*_pages(request, actor, words), *await _by_id(names, words), *await _by_words(names, words, request)]
    return render(request, "search.html", words=words, groups=[each for each in groups if each.hits] if words else [])


def _pages(request: Request, actor: Actor, words: str) -> list[Found]:
    """Pages whose title has the words."""
    entries = rail_of([page for each in console_of(request).rail for page in (each, *each.below)], actor, "")
    paths = {each.path: each.title for each in entries if words.casefold() in each.title.casefold()}
    return [Found("Pages", [Hit(path, title) for path, title in paths.items()][:SHOWN])]


async def _by_id(names: Names, words: str) -> list[Found]:
    """The record with this very id, wherever it is."""
    found = []
    for resource in names.catalogue.tops(names.actor) if UUID_TEXT.fullmatch(words) else ():
        try:
            item = await get_item(names.database, resource, words, names.actor)
        except NotFound:
            continue
        record = plain(item.record)
        hit = Hit(record_path(resource, record), label_of_record(resource, record))
        found.append(Found(title_of(resource), [hit]))
    return found


async def _by_words(names: Names, words: str, request: Request) -> list[Found]:
    found = []
    zone = viewer_of(request).zone
    for resource in _searched(names):
        query = {"q": words, "size": str(SHOWN), "total": "false"}
        try:
            table = await read_table(names, resource, query, zone)
        except Invalid:  # too many words
            continue
        more = f"{list_path(resource)}?{urlencode({'q': words})}" if table.following and not resource.parent else ""
        found.append(Found(title_of(resource), [_hit(row, table.columns) for row in table.rows], more))
    return found


def _hit(row: Row, columns: Sequence[Column]) -> Hit:
    pairs = zip(columns[1:], row.cells[1:], strict=True)
    said = [(column.label, text) for column, (_, text) in pairs if 'class="null"' not in text]
    return Hit(row.path, row.label, said[:MOST_SAID])


def _searched(names: Names) -> list[Resource]:
    """Each table once: of a flat and a nested list of the same rows, the flat one."""
    tops = {id(each.table) for each in names.catalogue.tops(names.actor)}
    return [
        each
        for each in names.catalogue.readable(names.actor)
        if each.search
        and each.presentation.searched
        and (each.parent is None or (each.parent.field in each.fields and id(each.table) not in tops))
    ]
