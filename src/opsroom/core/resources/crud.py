"""What resources do, for their own routes and for hand-written ones.

Reads take the database and see what is committed. Writes take the session of the caller's unit of
work. Records are dictionaries whose values are ready for the wire: encode them with `to_json`.
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Null, and_, delete, insert, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.db.conditions import Order, like_pattern
from opsroom.core.db.cursor import read_cursor, write_cursor
from opsroom.core.db.engine import Database
from opsroom.core.db.paging import page_count
from opsroom.core.db.values import storable
from opsroom.core.db.violations import refusal_for
from opsroom.core.errors import NotFound, PreconditionFailed, Refusal
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.filters import Condition, Listing, parse_order
from opsroom.core.resources.statements import GetShape, ListShape, ResourceStatement, UpdateShape, prepared

Record = dict[str, Any]

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ALL_AT_ONCE = 1000  # rows of one read of `get_all_items`

to_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Item:
    record: Record
    version: int


async def get_items(
    database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None = None
) -> dict[str, Any]:
    """One page, as `Page` describes it.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    rows, read = await _page_rows(database, resource, listing, actor, parent_id)
    order = full_order(resource, listing)
    more = len(rows) > listing.size
    rows = rows[: listing.size]
    total = None
    if _counted(listing):
        total = rows[0][-1] if rows else await _total(database, resource, listing, actor, parent_id)
    place = slice(len(read.shown), len(read.shown) + len(order))
    return {
        "items": [read.record(row) for row in rows],
        "total": total,
        "page": listing.page if listing.cursor is None else None,
        "size": listing.size,
        "pages": None if total is None else page_count(total, listing.size),
        "next_cursor": write_cursor(order, rows[-1][place]) if more else None,
    }


async def get_all_items(
    database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None = None
) -> AsyncIterator[Record]:
    """Every match, read by cursor in constant memory. Rows written meanwhile may or may not be among them."""
    listing = replace(listing, page=1, cursor=None, size=ALL_AT_ONCE, total=False)
    while True:
        page = await get_items(database, resource, listing, actor, parent_id)
        for record in page["items"]:
            yield record
        if page["next_cursor"] is None:
            return
        listing = replace(listing, cursor=page["next_cursor"])


async def get_item(
    database: Database, resource: Resource, key: str | UUID, actor: Actor, parent_id: UUID | None = None
) -> Item:
    """The record with this id, or with this value of the resource's key.

    Raises:
        NotFound: there is none, or none this actor may know of.
    """
    shape, place = _row(resource, key, parent_id)
    read, of_rule = prepared(resource, shape, actor, database.dialect_name)
    rows = await read.compiled.run(database.direct, place | of_rule)
    if not rows:
        raise _missing(resource, key)
    return Item(read.record(rows[0]), rows[0][-1])


async def create_item(
    session: AsyncSession, resource: Resource, values: Mapping[str, Any], actor: Actor, parent_id: UUID | None = None
) -> Item:
    """
    Raises:
        Conflict: another record has one of the unique values, or a reference leads nowhere.
        Invalid: a value cannot be stored.
    """
    given = dict(values)
    if resource.parent and parent_id is not None:
        given[resource.parent.field] = parent_id
    if resource.prepare:
        given = await resource.prepare(session, actor, given, None)
    given = storable(resource.table, given)
    connection = await session.connection()
    statement = insert(resource.table).values(given).returning(*_returned(resource))
    try:
        row = (await connection.execute(statement)).one()
    except IntegrityError as error:
        raise await refusal_for(connection, resource.table, resource.words, error, given=given) from error
    return Item(dict(zip(resource.shown, row, strict=False)), row[-1])


async def update_item(
    session: AsyncSession,
    resource: Resource,
    key: str | UUID,
    values: Mapping[str, Any],
    actor: Actor,
    *,
    versions: Collection[int] | None = None,
    parent_id: UUID | None = None,
) -> Item:
    """Change the given fields in one statement; `versions`, if given, are those the caller has seen.

    Raises:
        NotFound: there is no such record.
        PreconditionFailed: its version is another one by now.
        Conflict, Invalid: as for `create_item`.
    """
    given = dict(values)
    if resource.prepare:
        record_id = await session.scalar(select(resource.table.c.id).where(_where(resource, key, actor, parent_id)))
        if record_id is None:
            raise _missing(resource, key)
        given = await resource.prepare(session, actor, given, record_id)
    given = storable(resource.table, given)
    shape, place = _row(resource, key, parent_id)
    place |= {f"set_{name}": value for name, value in given.items()} | {"now": now()}
    place |= {f"version_{number}": version for number, version in enumerate(versions or ())}
    connection = await session.connection()
    change, of_rule = prepared(resource, _update_shape(shape, given, versions), actor, connection.dialect.name)
    try:
        rows = (await connection.exec_driver_sql(*change.compiled.ready(place | of_rule))).all()
    except IntegrityError as error:
        raise await refusal_for(connection, resource.table, resource.words, error, given=given) from error
    if not rows or (versions is not None and not given and rows[0][-1] not in versions):
        raise await _why_not(session, resource, key, _where(resource, key, actor, parent_id))
    return Item(change.record(rows[0]), rows[0][-1])


async def delete_item(
    session: AsyncSession,
    resource: Resource,
    key: str | UUID,
    actor: Actor,
    *,
    versions: Collection[int] | None = None,
    parent_id: UUID | None = None,
) -> None:
    """
    Raises:
        NotFound, PreconditionFailed: as for `update_item`.
        Conflict: other records refer to it.
    """
    where = _where(resource, key, actor, parent_id)
    unchanged = true() if versions is None else resource.table.c.version.in_(versions)
    connection = await session.connection()
    try:
        gone = await connection.scalar(delete(resource.table).where(where, unchanged).returning(resource.table.c.id))
    except IntegrityError as error:
        raise await refusal_for(connection, resource.table, resource.words, error, doomed=where) from error
    if gone is None:
        raise await _why_not(session, resource, key, where)


async def parent_id_of(database: Database, resource: Resource, key: str, actor: Actor) -> UUID:
    """The id of the parent that a nested path names.

    Raises:
        NotFound: there is no such parent, or none this actor may know of.
    """
    assert resource.parent is not None  # noqa: S101  only nested resources have such paths
    item = await get_item(database, resource.parent.resource, key, actor)
    return UUID(str(item.record["id"]))


def full_order(resource: Resource, listing: Listing) -> Order:
    """The order asked for, or the resource's own, made total by the id."""
    order = listing.order or parse_order(resource, ",".join(resource.order))
    if all(name != "id" for name, _ in order):
        order = (*order, ("id", order[-1][1]))
    return tuple((resource.fields[name], descending) for name, descending in order)


def read_key(resource: Resource, key: str | UUID) -> tuple[UUID | None, Any]:
    """A path's last part as an id, and as a value of the resource's own key, where it can be one."""
    by_id = UUID(str(key)) if isinstance(key, UUID) or UUID_TEXT.fullmatch(key) else None
    if resource.key == "id":
        return by_id, None
    try:
        return by_id, resource.fields[resource.key].adapter.validate_python(str(key))
    except ValidationError:
        return by_id, None


def _counted(listing: Listing) -> bool:
    return listing.cursor is None if listing.total is None else listing.total


async def _page_rows(
    database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None
) -> tuple[Sequence[Sequence[Any]], ResourceStatement]:
    order = full_order(resource, listing)
    raw = not database.is_postgresql
    place = None if listing.cursor is None else read_cursor(order, listing.cursor, raw=raw)
    conditions, values = _split(listing.conditions)
    values |= {f"word_{i}": like_pattern(word) for i, word in enumerate(listing.words)}
    values |= {f"after_{i}": value for i, value in enumerate(place or ())}
    offset = (listing.page - 1) * listing.size if place is None else 0
    values |= {"parent": parent_id, "limit": listing.size + 1, "offset": offset}
    shape = ListShape(
        conditions=conditions,
        order=tuple((field.name, descending) for field, descending in order),
        words=len(listing.words),
        shown=listing.fields or resource.shown,
        after=None if place is None else tuple(value is None for value in place),
        counted=_counted(listing),
        nested=parent_id is not None,
    )
    read, of_rule = prepared(resource, shape, actor, database.dialect_name)
    return await read.compiled.run(database.direct, values | of_rule), read


async def _total(database: Database, resource: Resource, listing: Listing, actor: Actor, parent_id: UUID | None) -> int:
    """For a page beyond the end, which has no row to carry the count."""
    if listing.page == 1 and listing.cursor is None:
        return 0
    first = replace(listing, page=1, size=1, cursor=None, total=True)
    rows, _ = await _page_rows(database, resource, first, actor, parent_id)
    return int(rows[0][-1]) if rows else 0


def _split(conditions: Sequence[Condition]) -> tuple[tuple[tuple[str, str, int], ...], dict[str, Any]]:
    """Conditions as shapes, and their values by the names of their binds."""
    shapes = []
    values: dict[str, Any] = {}
    for position, each in enumerate(conditions):
        operator, given = each.operator, each.values
        if operator == "isnull":
            operator, given = ("isnull" if given[0] else "notnull"), ()
        elif operator == "in":
            # Lists of up to 2, 4, 8 … values share a statement: the last value fills the places left.
            given = (*given, *[given[-1]] * ((1 << (len(given) - 1).bit_length()) - len(given)))
        elif operator == "icontains":
            given = (like_pattern(given[0]),)
        values |= {f"filter_{position}_{number}": value for number, value in enumerate(given)}
        shapes.append((each.field, operator, len(given)))
    return tuple(shapes), values


def _row(resource: Resource, key: str | UUID, parent_id: UUID | None) -> tuple[GetShape, dict[str, Any]]:
    """Which row a path names, as a shape and its values."""
    by_id, by_key = read_key(resource, key)
    if by_id is None and by_key is None:
        raise _missing(resource, key)
    shape = GetShape(by_id is not None, by_key is not None, parent_id is not None)
    return shape, {"id": by_id, "key": by_key, "parent": parent_id}


def _update_shape(row: GetShape, given: Record, versions: Collection[int] | None) -> GetShape | UpdateShape:
    """Without anything to change it is a read."""
    if not given:
        return row
    nulls = tuple(name for name, value in given.items() if isinstance(value, Null))
    set_to_values = tuple(name for name in given if name not in nulls)
    return UpdateShape(row, set_to_values, nulls, None if versions is None else len(versions))


def _returned(resource: Resource) -> list[ColumnElement[Any]]:
    return [*(resource.fields[name].column for name in resource.shown), resource.table.c.version]


def _where(resource: Resource, key: str | UUID, actor: Actor, parent_id: UUID | None) -> ColumnElement[bool]:
    table = resource.table
    by_id, by_key = read_key(resource, key)
    ways = [] if by_id is None else [table.c.id == by_id]
    if by_key is not None:
        ways.append(table.c[resource.key] == by_key)
    if not ways:
        raise _missing(resource, key)
    conditions = [or_(*ways)]
    if resource.parent and parent_id is not None:
        conditions.append(table.c[resource.parent.field] == parent_id)
    rule = resource.rule(actor)
    return and_(*conditions) if rule is None else and_(*conditions, rule)


async def _why_not(session: AsyncSession, resource: Resource, key: str | UUID, where: ColumnElement[bool]) -> Refusal:
    """Why a write met no row: there is none, or it has another version."""
    version = await session.scalar(select(resource.table.c.version).where(where))
    if version is None:
        return _missing(resource, key)
    return PreconditionFailed(
        f"Somebody else changed this {resource.words} meanwhile: it is at version {version}. "
        "Read it again and repeat the change.",
        version=version,
    )


def _missing(resource: Resource, key: str | UUID) -> NotFound:
    return NotFound(f"There is no {resource.words} {str(key)[:80]}.")
