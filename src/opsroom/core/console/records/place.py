"""Where a page of records stands: the resource, the record above it, and who looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request

from opsroom.core.actor import Actor
from opsroom.core.console.catalogue import (
    heading,
    label_of_record,
    list_path,
    record_path,
    title_of,
)
from opsroom.core.console.inputs import in_sentence, label_of
from opsroom.core.console.records.references import Names
from opsroom.core.console.records.values import plain
from opsroom.core.console.render import console_of
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.session import database_of
from opsroom.core.resources.crud import Item, get_item
from opsroom.core.resources.declaration import Resource

Crumb = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """above: the parent's record, of a nested resource"""

    resource: Resource
    names: Names
    zone: ZoneInfo
    above: Mapping[str, Any] | None
    parent_id: UUID | None

    @property
    def path(self) -> str:
        return list_path(self.resource, self.parent_id)

    @property
    def api_path(self) -> str:
        if self.resource.parent is None:
            return self.resource.prefix
        return f"{self.resource.parent.resource.prefix}/{self.parent_id}{self.resource.prefix}"

    def crumbs(self) -> list[Crumb]:
        """The pages above the list."""
        if self.resource.parent is None or self.above is None:
            return []
        upper = self.resource.parent.resource
        return [
            (title_of(upper), list_path(upper)),
            (label_of_record(upper, self.above), record_path(upper, self.above)),
        ]

    def may(self, verb: str) -> bool:
        return self.names.actor.may(f"{self.resource.permission}.{verb}")

    async def item(self, key: str) -> tuple[dict[str, Any], Item]:
        """One record, as JSON has it, and as it was read.

        Raises:
            NotFound: there is none here, or none this person may know of.
        """
        item = await get_item(self.names.database, self.resource, key, self.names.actor, self.parent_id)
        record = plain(item.record)
        if self.resource.parent:
            record.setdefault(self.resource.parent.field, str(self.parent_id))
        return record, item

    def values(self) -> dict[str, Any]:
        """What every template of records may use."""
        resource = self.resource
        return {
            "resource": resource,
            "place": self,
            "title": title_of(resource),
            "heading": heading(resource),
            "one": label_of(resource.singular),
            "words": in_sentence(resource.singular),
            "several": in_sentence(resource.several),
            "may_create": "create" in resource.verbs and self.may("write"),
            "may_update": "update" in resource.verbs and self.may("write"),
            "may_delete": "delete" in resource.verbs and self.may("write"),
        }


async def place_of(request: Request, resource: Resource, actor: Actor) -> Place:
    """
    Raises:
        NotFound: there is no such parent, or none this person may know of.
    """
    names = Names(database_of(request), console_of(request).catalogue, actor)
    zone = viewer_of(request).zone
    if resource.parent is None:
        return Place(resource, names, zone, None, None)
    upper = resource.parent.resource
    item = await get_item(names.database, upper, key_in(request, upper), actor)
    above = plain(item.record)
    return Place(resource, names, zone, above, UUID(above["id"]))


def key_in(request: Request, resource: Resource) -> str:
    return str(request.path_params[resource.path_parameter])
