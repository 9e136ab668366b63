"""A list as its page shows it: columns, rows, filters, and the addresses of its neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from opsroom.core.console.catalogue import label_field, label_of_record, record_path
from opsroom.core.console.records import asked
from opsroom.core.console.records.references import Links, Names
from opsroom.core.console.records.values import Kind, Shown, cell, plain, shown_fields
from opsroom.core.db.filters import parse_listing
from opsroom.core.db.views import Listing
from opsroom.core.resources.crud import get_items
from opsroom.core.resources.declaration import Resource

MOST_COLUMNS = 7
SEEN_ON_A_PHONE = 2
BOOKKEEPING = frozenset({"id", "created_at", "updated_at", "version"})
TIMES = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Column:
    """sorted: `ascending`, `descending` or empty; order: the query that sorts by it, empty where nothing can"""

    label: str
    style: str
    sorted: str
    order: str


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    path: str
    label: str
    cells: Sequence[tuple[str, Markup]]


@dataclass(frozen=True, slots=True)
class Table:
    """rows: of one page; total: of all, where they were counted; following: the query of the next page"""

    columns: Sequence[Column]
    rows: Sequence[Row]
    total: int | None
    following: str
    chosen: Sequence[str]
    query: asked.Query


async def read_table(
    names: Names,
    resource: Resource,
    query: asked.Query,
    zone: ZoneInfo,
    chosen: Sequence[str] = (),
    parent_id: UUID | None = None,
) -> Table:
    """
    chosen: the columns that the viewer wants; none for the usual ones

    Raises:
        Invalid: the query asks for what the API's list would refuse.
    """
    listing = parse_listing(resource.view, urlencode(query).encode())
    shown = columns_of(resource, listing.fields or chosen)
    fields = dict.fromkeys(("id", resource.key, label_field(resource), *shown, *_of_page(resource)))
    wanted = Listing(
        conditions=listing.conditions,
        order=listing.order,
        words=listing.words,
        fields=tuple(fields),
        page=listing.page,
        size=listing.size,
        cursor=listing.cursor,
        total=listing.total,
    )
    page = await get_items(names.database, resource, wanted, names.actor, parent_id)
    records = [_placed(resource, plain(each), parent_id) for each in page["items"]]
    links = await names.links(resource, (name for name in shown if _refers(resource, name)), records)
    described = [shown_fields(resource)[name] for name in shown]
    styles = [_style(each, place) for place, each in enumerate(described)]
    return Table(
        columns=_heads(resource, listing, described, styles, query),
        rows=[_row(resource, each, described, styles, links, zone) for each in records],
        total=page["total"],
        following=urlencode({**_without_place(query), "cursor": page["next_cursor"]}) if page["next_cursor"] else "",
        chosen=shown,
        query=query,
    )


def columns_of(resource: Resource, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """Those that are wanted and exist, else the declared ones, else what is short, what names a record first."""
    if kept := tuple(name for name in wanted if name in resource.fields):
        return kept
    if resource.presentation.columns:
        return resource.presentation.columns
    fields = shown_fields(resource)
    above = {resource.parent.field} if resource.parent else set()
    usual = [name for name in resource.shown if name not in BOOKKEEPING | above and _is_short(fields[name])]
    first = label_field(resource)
    found = list(dict.fromkeys([first, *usual] if first != "id" or not usual else usual))[:MOST_COLUMNS]
    last = next((name for name in TIMES if name in fields), None)
    return tuple([*found, last] if last else found)


def _is_short(shown: Shown) -> bool:
    return shown.kind not in {Kind.DOCUMENT, Kind.HASH}


def _of_page(resource: Resource) -> tuple[str, ...]:
    """What the address of a record's page takes."""
    above = (resource.parent.field,) if resource.parent else ()
    if not resource.presentation.page:
        return tuple(name for name in above if name in resource.fields)
    return tuple(name for name in resource.shown if f"{{{name}}}" in resource.presentation.page)


def _refers(resource: Resource, name: str) -> bool:
    return shown_fields(resource)[name].kind is Kind.REFERENCE and name != "id"


def _style(shown: Shown, place: int) -> str:
    """A phone shows the first columns and every state; the rest is on the record's page."""
    wide = place >= SEEN_ON_A_PHONE and not (shown.kind is Kind.WORD and place < MOST_COLUMNS)
    tight = shown.kind in {Kind.WORD, Kind.YES, Kind.INSTANT, Kind.PLAIN} and place
    return " ".join(
        word for word, applies in (("num", shown.is_number), ("tight", tight), ("wide", wide)) if applies
    )  # fmt: skip


def _heads(
    resource: Resource, listing: Listing, described: Sequence[Shown], styles: Sequence[str], query: asked.Query
) -> list[Column]:
    first, descending = resource.view.full_order(listing.order)[0]
    heads = []
    for shown, style in zip(described, styles, strict=True):
        direction = "" if shown.name != first.name else "descending" if descending else "ascending"
        order = asked.ordered(query, shown.name, direction) if shown.sortable else ""
        heads.append(Column(shown.label, style, direction, order))
    return heads


def _row(
    resource: Resource,
    record: Mapping[str, Any],
    described: Sequence[Shown],
    styles: Sequence[str],
    links: Links,
    zone: ZoneInfo,
) -> Row:
    path, label = record_path(resource, record), label_of_record(resource, record)
    cells = [
        (style, links.get(shown.name, {}).get(str(record[shown.name])) or cell(shown, record[shown.name], zone))
        for shown, style in zip(described, styles, strict=True)
    ]
    # The first column leads to the record, whatever it shows.
    first = Markup('<a class="cell-main" href="{}">{}</a>')
    names_it = described[0].name in {label_field(resource), "id"}
    cells[0] = (cells[0][0], first.format(path, label if names_it else cells[0][1].striptags()))
    return Row(record["id"], path, label, cells)


def _placed(resource: Resource, record: dict[str, Any], parent_id: UUID | None) -> dict[str, Any]:
    """With what its address takes, which a nested record need not show."""
    return record if resource.parent is None else {resource.parent.field: str(parent_id), **record}


def _without_place(query: asked.Query) -> dict[str, str]:
    return {name: text for name, text in query.items() if name not in asked.PLACE}
