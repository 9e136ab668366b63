"""Reading a view past the ORM: one page of a list, or one row. Both see what is committed.

Records are dictionaries whose values are ready for the wire: encode them with `to_json`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement

from opsroom.core.db.conditions import like_pattern
from opsroom.core.db.cursor import read_cursor, write_cursor
from opsroom.core.db.engine import Database
from opsroom.core.db.paging import page_count
from opsroom.core.db.statements import GetShape, ListShape, ViewStatement, prepared
from opsroom.core.db.views import Condition, Listing, View

Record = dict[str, Any]
Rule = ColumnElement[bool] | None

to_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Item:
    record: Record
    version: int


async def read_page(
    database: Database, view: View, listing: Listing, rule: Rule, parent_id: UUID | None = None
) -> dict[str, Any]:
    """One page of the rows that the rule lets be known, as `Page` describes it.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    rows, read = await _page_rows(database, view, listing, rule, parent_id)
    order = view.full_order(listing.order)
    more = len(rows) > listing.size
    rows = rows[: listing.size]
    total = None
    if listing.counted:
        total = rows[0][-1] if rows else await _total(database, view, listing, rule, parent_id)
    place = slice(len(read.shown), len(read.shown) + len(order))
    return {
        "items": [read.record(row) for row in rows],
        "total": total,
        "page": listing.page if listing.cursor is None else None,
        "size": listing.size,
        "pages": None if total is None else page_count(total, listing.size),
        "next_cursor": write_cursor(order, rows[-1][place]) if more else None,
    }


async def read_row(
    database: Database, view: View, key: str | UUID, rule: Rule, parent_id: UUID | None = None
) -> Item | None:
    """The row with this id, or with this value of the view's key; None if there is none that may be known."""
    named = row_named(view, key, parent_id)
    if named is None:
        return None
    shape, place = named
    read, of_rule = prepared(view, shape, rule, database.dialect_name)
    rows = await read.compiled.run(database.direct, place | of_rule)
    return Item(read.record(rows[0]), rows[0][-1]) if rows else None


def row_named(view: View, key: str | UUID, parent_id: UUID | None) -> tuple[GetShape, dict[str, Any]] | None:
    """Which row a path's last part names, as a shape and its values; None if it can be the name of none."""
    by_id, by_key = view.read_key(key)
    if by_id is None and by_key is None:
        return None
    shape = GetShape(by_id is not None, by_key is not None, parent_id is not None)
    return shape, {"id": by_id, "key": by_key, "parent": parent_id}


async def _page_rows(
    database: Database, view: View, listing: Listing, rule: Rule, parent_id: UUID | None
) -> tuple[Sequence[Sequence[Any]], ViewStatement]:
    order = view.full_order(listing.order)
    raw = not database.is_postgresql
    place = None if listing.cursor is None else read_cursor(order, listing.cursor, raw=raw)
    conditions, values = _split(listing.conditions)
    values |= {f"word_{i}": like_pattern(word) for i, word in enumerate(listing.words)}
    values |= {f"after_{i}": value for i, value in enumerate(place or ())}
    values |= {"parent": parent_id, "limit": listing.size + 1, "offset": listing.offset}
    shape = ListShape(
        conditions=conditions,
        order=tuple((field.name, descending) for field, descending in order),
        words=len(listing.words),
        shown=listing.fields or view.shown,
        after=None if place is None else tuple(value is None for value in place),
        counted=listing.counted,
        nested=parent_id is not None,
    )
    read, of_rule = prepared(view, shape, rule, database.dialect_name)
    return await read.compiled.run(database.direct, values | of_rule), read


async def _total(database: Database, view: View, listing: Listing, rule: Rule, parent_id: UUID | None) -> int:
    """For a page beyond the end, which has no row to carry the count."""
    if listing.page == 1 and listing.cursor is None:
        return 0
    first = replace(listing, page=1, size=1, cursor=None, total=True)
    rows, _ = await _page_rows(database, view, first, rule, parent_id)
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
