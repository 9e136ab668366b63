"""Conditions as SQL, with a named bind for every value, so that a statement is compiled once per shape."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    null,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from opsroom.core.db.fields import ColumnField

Values = Sequence[ColumnElement[Any]]
Order = tuple[tuple[ColumnField, bool], ...]  # (field, descending)


def condition(field: ColumnField, operator: str, binds: list[str], dialect_name: str) -> ColumnElement[bool]:
    """One filter. `binds` names its values; `isnull` and `notnull` have none."""
    if operator == "contains":
        return _json_contains(field.column, binds[0], dialect_name)
    return CONDITIONS[operator](field, [bindparam(name, type_=field.column.type) for name in binds])


def like_pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def ordering(order: Order) -> list[ColumnElement[Any]]:
    """Null counts as larger than everything, as PostgreSQL has it, so that its indexes serve both directions."""
    return [_direction(field, descending=descending) for field, descending in order]


def after(order: Order, nulls: tuple[bool, ...], binds: list[str]) -> ColumnElement[bool]:
    """The rows that come after a cursor whose values are `binds`, null where `nulls` says so."""
    values = [bindparam(name, type_=field.column.type) for (field, _), name in zip(order, binds, strict=True)]
    if len({descending for _, descending in order}) == 1 and not any(field.nullable for field, _ in order):
        mine, theirs = tuple_(*(field.column for field, _ in order)), tuple_(*values)
        return mine < theirs if order[0][1] else mine > theirs
    steps = []
    for position, (field, descending) in enumerate(order):
        equal = [
            field.column.is_(null()) if nulls[i] else field.column == values[i]
            for i, (field, _) in enumerate(order[:position])
        ]
        steps.append(and_(*equal, _beyond(field, values[position], descending=descending, at_null=nulls[position])))
    return or_(*steps)


def _direction(field: ColumnField, *, descending: bool) -> ColumnElement[Any]:
    directed = field.column.desc() if descending else field.column.asc()
    if not field.nullable:
        return directed
    return directed.nulls_first() if descending else directed.nulls_last()


def _beyond(field: ColumnField, value: ColumnElement[Any], *, descending: bool, at_null: bool) -> ColumnElement[bool]:
    column = field.column
    if descending:
        return column.is_not(null()) if at_null else column < value
    if at_null:
        return false()
    return or_(column > value, column.is_(null())) if field.nullable else column > value


def _is_null(column: ColumnElement[Any]) -> ColumnElement[bool]:
    if isinstance(column.type, JSON):
        return or_(column.is_(null()), cast(column, Text) == "null")
    return column.is_(null())


def _is_other(field: ColumnField, values: Values) -> ColumnElement[bool]:
    return field.column.is_distinct_from(values[0]) if field.nullable else field.column != values[0]


def _starts_with(field: ColumnField, values: Values) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.substr(field.column, 1, func.length(values[0])) == values[0]
    return found


def _json_contains(column: ColumnElement[Any], bind: str, dialect_name: str) -> ColumnElement[bool]:
    """Every pair of the wanted object, or element of the wanted array, is in the document, at its top level."""
    if dialect_name == "postgresql":
        found: ColumnElement[bool] = cast(column, JSONB).contains(bindparam(bind, type_=JSONB()))
        return found
    document = bindparam(bind, type_=JSON())
    want = func.json_each(document).table_valued("key", "value", "type", name="want")
    have = func.json_each(column).table_valued("key", "value", "type", name="have")
    same = and_(
        _number(have.c.type) == _number(want.c.type),
        have.c.value.is_not_distinct_from(want.c.value),
        or_(func.json_type(document) == "array", have.c.key == want.c.key),
    )
    missing = exists(select(1).select_from(want).where(~exists(select(1).select_from(have).where(same))))
    return and_(func.json_type(column) == func.json_type(document), ~missing)


def _number(kind: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((kind == "integer", "real"), else_=kind)


CONDITIONS: dict[str, Callable[[ColumnField, Values], ColumnElement[bool]]] = {
    "eq": lambda field, values: field.column == values[0],
    "ne": _is_other,
    "in": lambda field, values: field.column.in_(values),
    "gt": lambda field, values: field.column > values[0],
    "gte": lambda field, values: field.column >= values[0],
    "lt": lambda field, values: field.column < values[0],
    "lte": lambda field, values: field.column <= values[0],
    "isnull": lambda field, _: _is_null(field.column),
    "notnull": lambda field, _: ~_is_null(field.column),
    "icontains": lambda field, values: field.column.ilike(values[0], escape="\\"),
    "startswith": _starts_with,
}
