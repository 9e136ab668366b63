"""Which resources there are, how they hang together, and where their pages are.

/console/r/depots                       list, searched, filtered and ordered as the API's list is
/console/r/depots/new
/console/r/depots/{depot_id}            one record, by its id or its key
/console/r/depots/{depot_id}/history    …/edit  …/delete
/console/r/depots/{depot_id}/parcels    the same for what is nested
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import FromClause

from opsroom.core.actor import Actor
from opsroom.core.console.inputs import in_sentence, label_of
from opsroom.core.resources.declaration import Resource

ROOT = "/console/r"
USUAL_LABELS = ("name", "title", "label", "code", "number")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All declared resources."""

    resources: tuple[Resource, ...]

    def readable(self, actor: Actor) -> list[Resource]:
        return [each for each in self.resources if actor.may(f"{each.permission}.read")]

    def tops(self, actor: Actor) -> list[Resource]:
        return [each for each in self.readable(actor) if each.parent is None]

    def children(self, resource: Resource, actor: Actor) -> list[Resource]:
        return [each for each in self.readable(actor) if each.parent and each.parent.resource is resource]

    def of_table(self, table: FromClause, actor: Actor) -> Resource | None:
        """Where a reference to this table leads."""
        return next((each for each in self.readable(actor) if each.table is table and not each.parent), None)

    def referring(self, resource: Resource, actor: Actor) -> list[tuple[Resource, str]]:
        """The lists that can be narrowed to what refers to a record of this one, each with the field."""
        found = []
        for each in self.readable(actor):
            for key in each.table.foreign_keys:
                name = key.parent.name
                asked = any(field.name == name for field in each.view.filterable)
                if key.column.table is resource.table and not each.parent and asked:
                    found.append((each, name))
        return found


def list_path(resource: Resource, parent_id: object = None) -> str:
    if resource.parent is None:
        return f"{ROOT}/{resource.several.replace('_', '-')}"
    return f"{list_path(resource.parent.resource)}/{quote(str(parent_id), safe='')}{resource.prefix}"


def generic_path(resource: Resource, record: Mapping[str, Any]) -> str:
    parent_id = record.get(resource.parent.field) if resource.parent else None
    return f"{list_path(resource, parent_id)}/{record['id']}"


def record_path(resource: Resource, record: Mapping[str, Any]) -> str:
    """Where links to a record lead."""
    page = resource.presentation.page
    return filled(page, record) if page else generic_path(resource, record)


def filled(path: str, record: Mapping[str, Any]) -> str:
    return path.format_map({name: quote(str(value), safe="") for name, value in record.items()})


def route_path(resource: Resource) -> str:
    """The list's path with its placeholder."""
    if resource.parent is None:
        return list_path(resource)
    above = resource.parent.resource
    return f"{list_path(above)}/{{{above.path_parameter}}}{resource.prefix}"


def label_field(resource: Resource) -> str:
    """The field whose value names a record."""
    if resource.presentation.label:
        return resource.presentation.label
    if resource.key != "id":
        return resource.key
    named = (*resource.search, *(name for name in USUAL_LABELS if name in resource.fields))
    return next(iter(named), "id")


def label_of_record(resource: Resource, record: Mapping[str, Any]) -> str:
    value = record.get(label_field(resource))
    return str(value) if value not in {None, ""} else short(str(record["id"]))


def short(identifier: str) -> str:
    """The end of an id: its beginning is the time, which many share."""
    return f"…{identifier[-8:]}"


def heading(resource: Resource) -> str:
    return resource.presentation.title or f"Which {in_sentence(resource.several)} are there?"


def title_of(resource: Resource) -> str:
    """As a rail or a tab calls it."""
    return label_of(resource.prefix.strip("/").replace("-", "_") if resource.parent else resource.several)
