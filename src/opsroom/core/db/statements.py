"""The statements of a view: list, get, insert, update and delete, compiled once per shape and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    ColumnElement,
    Integer,
    Null,
    Select,
    String,
    Update,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from opsroom.core.db.attribution import SETTING
from opsroom.core.db.compiled import DIALECTS, Compiled, compile_for
from opsroom.core.db.conditions import Order, after, condition, ordering
from opsroom.core.db.fields import Wire, wire_of
from opsroom.core.db.views import View

SHAPES = 1024  # compiled statements kept


@dataclass(frozen=True, slots=True)
class ListShape:
    """A listing without its values.

    conditions: (field, operator, number of values)
    order: ends with the id
    words: how many the search has
    after: None without a cursor, else which of its values are null
    """

    conditions: tuple[tuple[str, str, int], ...]
    order: tuple[tuple[str, bool], ...]
    words: int
    shown: tuple[str, ...]
    after: tuple[bool, ...] | None
    counted: bool
    nested: bool


@dataclass(frozen=True, slots=True)
class GetShape:
    """by_id, by_key: what the text of a path may be; both, where a key can look like an id"""

    by_id: bool
    by_key: bool
    nested: bool


@dataclass(frozen=True, slots=True)
class InsertShape:
    """As `UpdateShape`; what is not given and has no default of the database's own is among the given too."""

    given: tuple[str, ...]
    nulls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateShape:
    """given: the columns to set; nulls: those of them that get SQL's null where JSON has one of its own
    versions: how many versions the caller has seen; None to overwrite whatever there is
    """

    row: GetShape
    given: tuple[str, ...]
    nulls: tuple[str, ...]
    versions: int | None


@dataclass(frozen=True, slots=True)
class DeleteShape:
    row: GetShape
    versions: int | None


ShapeOfRows = ListShape | GetShape | UpdateShape | DeleteShape
Shape = InsertShape | ShapeOfRows


@dataclass(frozen=True, slots=True)
class ViewStatement:
    """A compiled statement and how its rows become records. Columns beyond `shown` are for ourselves."""

    compiled: Compiled
    shown: tuple[str, ...]
    wires: tuple[tuple[str, Wire], ...]

    def record(self, row: Sequence[Any]) -> dict[str, Any]:
        record = dict(zip(self.shown, row, strict=False))
        for name, wire in self.wires:
            value = record[name]
            if value is not None:
                record[name] = wire(value)
        return record


def prepared(
    view: View, shape: Shape, rule: ColumnElement[bool] | None, dialect_name: str, *, alone: bool = False
) -> tuple[ViewStatement, dict[str, Any]]:
    """The statement of a shape on the rows that the rule lets be known, and the values of that rule.

    alone: it is to be a transaction of its own, and tells who writes by its value `origin`
    """
    if rule is None:
        return _unruled(view, shape, dialect_name, alone=alone), {}
    text = rule.compile(dialect=DIALECTS[dialect_name])
    return _ruled(view, shape, dialect_name, _Rule(str(text), rule), alone=alone), dict(text.params)


def rows_matching(
    view: View, shape: ShapeOfRows, dialect_name: str, rule: ColumnElement[bool] | None
) -> list[ColumnElement[bool]]:
    """The conditions on rows, the cursor's excepted."""
    found: list[ColumnElement[bool]] = [] if rule is None else [rule]
    if isinstance(shape, UpdateShape | DeleteShape):
        if shape.versions is not None:
            seen = [bindparam(f"version_{i}", type_=Integer()) for i in range(shape.versions)]
            found.append(view.version.in_(seen) if seen else false())
        shape = shape.row
    if shape.nested and view.parent:
        column = view.table.c[view.parent]
        found.append(column == bindparam("parent", type_=column.type))
    if isinstance(shape, GetShape):
        return [*found, _named(view, shape)]
    for position, (name, operator, count) in enumerate(shape.conditions):
        binds = [f"filter_{position}_{number}" for number in range(count)]
        found.append(condition(view.fields[name], operator, binds, dialect_name))
    for word in range(shape.words):
        looked_at = (view.fields[name] for name in view.search)
        found.append(or_(*(condition(field, "icontains", [f"word_{word}"], dialect_name) for field in looked_at)))
    return found


def update_shape(row: GetShape, given: Mapping[str, Any], versions: int | None) -> UpdateShape:
    return UpdateShape(row, *_told_apart(given), versions)


def insert_shape(given: Mapping[str, Any]) -> InsertShape:
    return InsertShape(*_told_apart(given))


def count_statement(view: View, where: list[ColumnElement[bool]]) -> Select[int]:
    return select(func.count()).select_from(view.table).where(*where)


class _Rule:
    """A condition that stands in a cache under its text: two of the same text differ in values only."""

    def __init__(self, text: str, condition: ColumnElement[bool]) -> None:
        self.text = text
        self.condition = condition

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rule) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(SHAPES)
def _unruled(view: View, shape: Shape, dialect_name: str, *, alone: bool) -> ViewStatement:
    return _compiled(view, shape, dialect_name, None, alone=alone)


@lru_cache(SHAPES)
def _ruled(view: View, shape: Shape, dialect_name: str, rule: _Rule, *, alone: bool) -> ViewStatement:
    return _compiled(view, shape, dialect_name, rule.condition, alone=alone)


def _compiled(
    view: View, shape: Shape, dialect_name: str, rule: ColumnElement[bool] | None, *, alone: bool
) -> ViewStatement:
    shown = shape.shown if isinstance(shape, ListShape) else view.shown
    columns = [view.fields[name].column for name in shown]
    # Before the triggers run that record who writes, what is to be returned has been made.
    told: list[ColumnElement[Any]] = []
    if alone and dialect_name == "postgresql":
        told = [func.set_config(literal_column(f"'{SETTING}'"), bindparam("origin", type_=String()), true())]
    statement: ClauseElement
    if isinstance(shape, InsertShape):
        statement = insert(view.table).values(_values(view, shape)).returning(*columns, *told, view.version)
    else:
        statement = _of_rows(view, shape, columns, rows_matching(view, shape, dialect_name, rule), told)
    wires = ((name, wire_of(view.fields[name].column.type, dialect_name)) for name in shown)
    raw: frozenset[str] = frozenset()
    # A cursor holds what the driver gave; SQLite's goes back as it came, so that even instants that
    # other programs wrote, with fewer digits, are found again.
    if isinstance(shape, ListShape) and dialect_name == "sqlite":
        raw = frozenset(f"after_{i}" for i in range(len(shape.order)))
    return ViewStatement(
        compile_for(statement, dialect_name, raw=raw),
        shown,
        tuple((name, wire) for name, wire in wires if wire is not None),
    )


def _of_rows(
    view: View,
    shape: ShapeOfRows,
    columns: list[ColumnElement[Any]],
    where: list[ColumnElement[bool]],
    told: list[ColumnElement[Any]],
) -> ClauseElement:
    if isinstance(shape, ListShape):
        return _list(view, shape, columns, where)
    if isinstance(shape, GetShape):
        return select(*columns, view.version).where(*where).limit(1)
    change = _update(view, shape) if isinstance(shape, UpdateShape) else delete(view.table)
    return change.where(*where).returning(*columns, *told, view.version)


def _list(
    view: View, shape: ListShape, columns: list[ColumnElement[Any]], where: list[ColumnElement[bool]]
) -> Select[Any]:
    order: Order = tuple((view.fields[name], descending) for name, descending in shape.order)
    for_cursor = [field.column for field, _ in order]
    statement = select(*columns, *(column.label(None) for column in for_cursor)).where(*where)
    if shape.counted:
        # In the same statement: the count is independent of the rows, so it is made once.
        statement = statement.add_columns(count_statement(view, where).correlate(None).scalar_subquery())
    if shape.after is not None:
        statement = statement.where(after(order, shape.after, [f"after_{i}" for i in range(len(order))]))
    most, skipped = (bindparam(name, type_=BigInteger()) for name in ("limit", "offset"))
    return statement.order_by(*ordering(order)).limit(most).offset(skipped)


def _update(view: View, shape: UpdateShape) -> Update:
    counted = {"version": view.version + 1, "updated_at": bindparam("now")}
    return update(view.table).values(_values(view, shape) | counted)


def _values(view: View, shape: InsertShape | UpdateShape) -> dict[str, Any]:
    kinds = view.table.c
    values: dict[str, Any] = {name: bindparam(f"set_{name}", type_=kinds[name].type) for name in shape.given}
    return values | dict.fromkeys(shape.nulls, null())


def _told_apart(given: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of values, and of those that are SQL's null where JSON has one of its own."""
    nulls = tuple(name for name, value in given.items() if isinstance(value, Null))
    return tuple(name for name in given if name not in nulls), nulls


def _named(view: View, shape: GetShape) -> ColumnElement[bool]:
    ways = []
    if shape.by_id:
        ways.append(view.table.c.id == bindparam("id", type_=view.table.c.id.type))
    if shape.by_key:
        key = view.table.c[view.key]
        ways.append(key == bindparam("key", type_=key.type))
    return or_(*ways)
