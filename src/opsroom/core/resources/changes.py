"""Many records changed at once: all of it, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, create_model
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Refusal
from opsroom.core.resources.crud import create_items, delete_item, update_item
from opsroom.core.resources.declaration import Resource

MOST_CHANGES = 1000  # of each kind in one request

T = TypeVar("T")


class Named(BaseModel):
    key: str = Field(description="the record's id, or its natural key where the resource has one")
    version: int | None = Field(None, description="the version last seen; without it, whatever there is")


class Changed(BaseModel, Generic[T]):
    created: list[T] = Field(description="in the order given, as are the updated")
    updated: list[T]
    deleted: int


def changes_shape(resource: Resource) -> type[BaseModel]:
    """Lists of what to delete, update and create, as far as the resource allows."""
    members: dict[str, Any] = {}
    if "delete" in resource.verbs:
        members["delete"] = (list[Named], _many())
    if resource.update is not None:
        each = create_model(f"{resource.update.__name__}OfOne", __base__=Named, values=(resource.update, ...))
        members["update"] = (list[each], _many())
    if resource.create is not None:
        members["create"] = (list[resource.create], _many())  # type: ignore[name-defined]  # made at run time
    made: type[BaseModel] = create_model(f"{resource.several.title().replace('_', '')}Changes", **members)
    return made


async def change_items(
    session: AsyncSession, resource: Resource, changes: Any, actor: Actor, parent_id: UUID | None = None
) -> dict[str, Any]:
    """Deletes, updates and creates in this order, in the caller's transaction.

    Raises:
        Refusal: of the first that cannot be done; `list` and `index` name it.
    """
    done: dict[str, Any] = {"created": [], "updated": [], "deleted": 0}
    for index, each in enumerate(getattr(changes, "delete", ())):
        with _at("delete", index):
            await delete_item(session, resource, each.key, actor, parent_id, versions=_seen(each))
        done["deleted"] += 1
    for index, each in enumerate(getattr(changes, "update", ())):
        given = each.values.model_dump(exclude_unset=True)
        with _at("update", index):
            item = await update_item(session, resource, each.key, given, actor, parent_id, versions=_seen(each))
        done["updated"].append(item.record)
    rows = [each.model_dump() for each in getattr(changes, "create", ())]
    for index, created in enumerate(await create_items(session, resource, rows, actor, parent_id)):
        with _at("create", index):
            if isinstance(created, Refusal):
                raise created
        done["created"].append(created.record)
    return done


@contextmanager
def _at(which: str, index: int) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        refusal.facts |= {"list": which, "index": index}
        raise


def _seen(each: Named) -> set[int] | None:
    return None if each.version is None else {each.version}


def _many() -> Any:
    return Field(default_factory=list, max_length=MOST_CHANGES)
