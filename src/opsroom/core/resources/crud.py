"""What resources do, for their own routes and for hand-written ones.

Reads take the database and see what is committed. Writes take the session of the caller's unit of
work. Records are dictionaries whose values are ready for the wire: encode them with `to_json`.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.history import history_page
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.db.lists import Item, Record, read_page, read_row, row_named, to_json
from opsroom.core.db.paging import DEFAULT_SIZE
from opsroom.core.db.session import attempt
from opsroom.core.db.statements import DeleteShape, GetShape, Shape, update_shape
from opsroom.core.db.values import storable
from opsroom.core.db.views import Listing
from opsroom.core.db.writing import Values, change_row, insert_rows
from opsroom.core.errors import Invalid, NotFound, PreconditionFailed, Refusal
from opsroom.core.resources.declaration import Resource

__all__ = ["Item", "Record", "to_json"]

ALL_AT_ONCE = 1000  # rows of one read of `get_all_items`
READ_THE_TRAIL = "audit.read"
Place = tuple[Actor, UUID | None]


async def get_items(
    database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None = None
) -> dict[str, Any]:
    """One page, as `Page` describes it.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    return await read_page(database, resource.view, listing, resource.rule(actor), parent_id)


async def get_all_items(
    database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None = None
) -> AsyncIterator[Record]:
    """Every match, read by cursor in constant memory. Rows written meanwhile may or may not be among them."""
    async for records in get_all_pages(database, resource, listing, actor, parent_id):
        for record in records:
            yield record


async def get_all_pages(
    database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None = None
) -> AsyncIterator[list[Record]]:
    """Each page is read while the one before is made into something."""
    listing = replace(listing, page=1, cursor=None, size=ALL_AT_ONCE, total=False)
    reading = asyncio.create_task(get_items(database, resource, listing, actor, parent_id))
    try:
        while (page := await reading)["next_cursor"] is not None:
            listing = replace(listing, cursor=page["next_cursor"])
            reading = asyncio.create_task(get_items(database, resource, listing, actor, parent_id))
            await asyncio.sleep(0)  # it begins now
            yield page["items"]
        yield page["items"]
    finally:
        reading.cancel()


async def get_item(
    database: Database, resource: Resource, key: str | UUID, actor: Actor, parent_id: UUID | None = None
) -> Item:
    """The record with this id, or with this value of the resource's key.

    Raises:
        NotFound: there is none, or none this actor may know of.
    """
    item = await read_row(database, resource.view, key, resource.rule(actor), parent_id)
    if item is None:
        raise missing(resource, key)
    return item


async def get_history(
    database: Database,
    resource: Resource,
    key: str,
    actor: Actor,
    parent_id: UUID | None = None,
    *,
    size: int = DEFAULT_SIZE,
    after_id: int = 0,
) -> dict[str, Any]:
    """A page of what the trail tells of a record; of a deleted one only to who may read the whole trail.

    Raises:
        NotFound: there is no such record, or none this actor may know of.
    """
    item = await read_row(database, resource.view, key, resource.rule(actor), parent_id)
    if item is None and (parent_id is not None or not actor.may(READ_THE_TRAIL)):
        raise missing(resource, key)
    record_id = key if item is None else str(item.record["id"])
    page = await history_page(database, resource.table.name, record_id, resource.fields, size, after_id)
    if item is None and not page["items"]:
        raise missing(resource, key)
    return page


async def create_item(
    session: AsyncSession,
    resource: Resource,
    values: Values,
    actor: Actor,
    parent_id: UUID | None = None,
) -> Item:
    """
    Raises:
        Conflict: another record has one of the unique values, or a reference leads nowhere.
        Invalid: a value cannot be stored.
    """
    (item,) = await _insert(session, resource, [values], (actor, parent_id))
    return item


async def create_items(
    session: AsyncSession, resource: Resource, rows: Sequence[Values], actor: Actor, parent_id: UUID | None = None
) -> Sequence[Item | Refusal]:
    """Create many. A refused one leaves nothing behind; in its place stands what refused it."""
    together = await attempt(session, _insert(session, resource, rows, (actor, parent_id))) if rows else []
    if not isinstance(together, Refusal) or len(rows) == 1:
        return [together] if isinstance(together, Refusal) else together
    return [await attempt(session, create_item(session, resource, values, actor, parent_id)) for values in rows]


async def update_item(
    session: AsyncSession,
    resource: Resource,
    key: str | UUID,
    values: Values,
    actor: Actor,
    parent_id: UUID | None = None,
    *,
    versions: Collection[int] | None = None,
) -> Item:
    """Change the given fields in one statement; `versions`, if given, are those the caller has seen.

    Raises:
        NotFound: there is no such record.
        PreconditionFailed: its version is another one by now.
        Conflict, Invalid: as for `create_item`.
    """
    given = dict(values)
    if resource.prepare:
        present = await _present(session, resource, key, actor, parent_id)
        given = await resource.prepare(session, actor, given, UUID(str(present.record["id"])))
    given = storable(resource.table, given)
    change, place = change_of(resource, key, given, parent_id, versions)
    rule, view = resource.rule(actor), resource.view
    found = await change_row(session, view, change, rule, place, resource.words, given=given)
    if found is None or (versions is not None and not given and found.version not in versions):
        raise await _why_not(session, resource, key, actor, parent_id)
    return found


async def put_item(
    session: AsyncSession,
    resource: Resource,
    key: str,
    values: Values,
    actor: Actor,
    parent_id: UUID | None = None,
    *,
    versions: Collection[int] | None = None,
) -> tuple[Item, bool]:
    """Create the record with this natural key, or give the one there is these values; and whether it is new."""
    if str(values[resource.key]) != key:
        raise Invalid(f"{resource.key}: the body says {values[resource.key]}, the path {key[:80]}.", field=resource.key)
    try:
        return await update_item(session, resource, key, values, actor, parent_id, versions=versions), False
    except NotFound:
        if versions is not None:
            raise PreconditionFailed(f"There is no {resource.words} {key[:80]} yet, of any version.") from None
    created = await attempt(session, create_item(session, resource, values, actor, parent_id))
    if not isinstance(created, Refusal):
        return created, True
    if created.facts.get("fields") == [resource.key]:
        with suppress(NotFound):  # somebody else created it meanwhile, unless it is one this actor may not know of
            return await update_item(session, resource, key, values, actor, parent_id), False
    raise created


async def delete_item(
    session: AsyncSession,
    resource: Resource,
    key: str | UUID,
    actor: Actor,
    parent_id: UUID | None = None,
    *,
    versions: Collection[int] | None = None,
) -> None:
    """
    Raises:
        NotFound, PreconditionFailed: as for `update_item`.
        Conflict: other records refer to it.
    """
    shape, place = _named(resource, key, parent_id)
    change = DeleteShape(shape, None if versions is None else len(versions))
    rule, values = resource.rule(actor), place | _seen(versions)
    if await change_row(session, resource.view, change, rule, values, resource.words) is None:
        raise await _why_not(session, resource, key, actor, parent_id)


async def parent_id_of(database: Database, resource: Resource, key: str, actor: Actor) -> UUID:
    """The id of the parent that a nested path names.

    Raises:
        NotFound: there is no such parent, or none this actor may know of.
    """
    assert resource.parent is not None  # noqa: S101  only nested resources have such paths
    item = await get_item(database, resource.parent.resource, key, actor)
    return UUID(str(item.record["id"]))


def placed(resource: Resource, values: Values, parent_id: UUID | None) -> Record:
    """The values of a record below this parent."""
    below = {} if resource.parent is None or parent_id is None else {resource.parent.field: parent_id}
    return {**values, **below}


def change_of(
    resource: Resource, key: str | UUID, given: Record, parent_id: UUID | None, versions: Collection[int] | None
) -> tuple[Shape, Record]:
    """The statement that gives the record these values, and what it is run with."""
    shape, place = _named(resource, key, parent_id)
    place |= {f"set_{name}": value for name, value in given.items()} | {"now": now()} | _seen(versions)
    return update_shape(shape, given, None if versions is None else len(versions)) if given else shape, place


def missing(resource: Resource, key: str | UUID) -> NotFound:
    return NotFound(f"There is no {resource.words} {str(key)[:80]}.")


async def _insert(session: AsyncSession, resource: Resource, rows: Sequence[Values], place: Place) -> list[Item]:
    given = [await _to_store(session, resource, values, place) for values in rows]
    return await insert_rows(session, resource.view, given, resource.words)


async def _to_store(session: AsyncSession, resource: Resource, values: Values, place: Place) -> Record:
    actor, parent_id = place
    given = placed(resource, values, parent_id)
    if resource.prepare:
        given = await resource.prepare(session, actor, given, None)
    return storable(resource.table, given)


async def _present(
    session: AsyncSession, resource: Resource, key: str | UUID, actor: Actor, parent_id: UUID | None
) -> Item:
    shape, place = _named(resource, key, parent_id)
    found = await change_row(session, resource.view, shape, resource.rule(actor), place, resource.words)
    if found is None:
        raise missing(resource, key)
    return found


async def _why_not(
    session: AsyncSession, resource: Resource, key: str | UUID, actor: Actor, parent_id: UUID | None
) -> Refusal:
    """Why a write met no row: there is none, or it has another version."""
    try:
        version = (await _present(session, resource, key, actor, parent_id)).version
    except NotFound as refusal:
        return refusal
    return PreconditionFailed(
        f"Somebody else changed this {resource.words} meanwhile: it is at version {version}. "
        "Read it again and repeat the change.",
        version=version,
    )


def _named(resource: Resource, key: str | UUID, parent_id: UUID | None) -> tuple[GetShape, Record]:
    named = row_named(resource.view, key, parent_id)
    if named is None:
        raise missing(resource, key)
    return named


def _seen(versions: Collection[int] | None) -> Record:
    return {f"version_{number}": version for number, version in enumerate(versions or ())}
