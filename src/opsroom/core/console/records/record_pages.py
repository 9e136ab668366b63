"""The page of one record: its facts, what it refers to, what hangs below it, and its history."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import (
    filled,
    generic_path,
    label_of_record,
    list_path,
    route_path,
    title_of,
)
from opsroom.core.console.records.listing import read_table
from opsroom.core.console.records.place import Place, key_in, place_of
from opsroom.core.console.records.trail import PAGE, history
from opsroom.core.console.records.values import Kind, shown_fields, whole
from opsroom.core.console.render import render
from opsroom.core.db.session import Reading
from opsroom.core.resources.declaration import Resource

BELOW = "10"  # rows shown of each nested list
LAST = ("id", "version", "created_at", "updated_at")
Fact = tuple[str, Markup]


def add_record(router: APIRouter, resource: Resource) -> None:
    may_read = allow(f"{resource.permission}.read")
    path = f"{route_path(resource)}/{{{resource.path_parameter}}}"

    async def record(request: Request, actor: Annotated[Actor, may_read]) -> Response:
        place = await place_of(request, resource, actor)
        found, _ = await place.item(key_in(request, resource))
        facts, bookkeeping = await _facts(place, found)
        values: dict[str, Any] = {"facts": facts, "bookkeeping": bookkeeping, "below": await _below(place, found)}
        return render(request, "records/record.html", **_values(place, found), **values)

    async def record_history(
        request: Request, connection: Reading, actor: Annotated[Actor, may_read], before: int | None = None
    ) -> Response:
        place = await place_of(request, resource, actor)
        found, _ = await place.item(key_in(request, resource))
        entries = await history(connection, resource, found["id"], place.zone, before)
        older = entries[PAGE - 1].entry["id"] if len(entries) > PAGE else None
        values: dict[str, Any] = {"entries": entries[:PAGE], "older": older, "before": before}
        return render(request, "records/history.html", **_values(place, found), **values)

    router.add_api_route(path, record, methods=["GET"], name=f"console_read_{resource.singular}")
    if "history" in resource.verbs:
        router.add_api_route(
            f"{path}/history", record_history, methods=["GET"], name=f"console_history_{resource.singular}"
        )


def _values(place: Place, record: dict[str, Any]) -> dict[str, Any]:
    resource, path = place.resource, generic_path(place.resource, record)
    children = place.names.catalogue.children(resource, place.names.actor)
    referring = place.names.catalogue.referring(resource, place.names.actor)
    return {
        **place.values(),
        "record": record,
        "label": label_of_record(resource, record),
        "path_of_record": path,
        "crumbs": [*place.crumbs(), (title_of(resource), place.path)],
        "children": [(title_of(each), list_path(each, record["id"])) for each in children],
        "links": [(title, filled(to, record)) for title, to in resource.presentation.links],
        "referring": [(title_of(each), f"{list_path(each)}?{name}={record['id']}") for each, name in referring],
    }


async def _facts(place: Place, record: dict[str, Any]) -> tuple[list[Fact], list[Fact]]:
    """What the record says, and what the database keeps of every record."""
    fields = shown_fields(place.resource)
    referring = (name for name, each in fields.items() if each.kind is Kind.REFERENCE and name != "id")
    links = await place.names.links(place.resource, referring, [record])
    facts = [
        (name, each.label, links.get(name, {}).get(str(record.get(name))) or whole(each, record.get(name), place.zone))
        for name, each in fields.items()
    ]
    said = [(label, value) for name, label, value in facts if name not in LAST]
    return said, [(label, value) for name, label, value in facts if name in LAST]


async def _below(place: Place, record: dict[str, Any]) -> list[dict[str, Any]]:
    """The first rows of each nested list."""
    names, found = place.names, []
    for child in names.catalogue.children(place.resource, names.actor):
        above_id = UUID(record["id"])
        below = Place(child, names, place.zone, record, above_id)
        table = await read_table(names, child, {"size": BELOW}, place.zone, parent_id=above_id)
        found.append({**below.values(), "place": below, "table": table})
    return found
