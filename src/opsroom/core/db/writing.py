"""Writing rows of a view in the caller's transaction, each with what it is now in return."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Null, insert, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from opsroom.core.db.lists import Item, Rule
from opsroom.core.db.statements import Shape, prepared
from opsroom.core.db.views import View
from opsroom.core.db.violations import refusal_for

Values = Mapping[str, Any]


async def insert_rows(connection: AsyncConnection, view: View, rows: Sequence[Values], words: str) -> list[Item]:
    """All of them, in as few statements as there are sets of columns given. `words` say what a row is.

    Raises:
        Conflict, Invalid: a constraint is broken; of several rows it is not said which broke it.
    """
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, values in enumerate(rows):
        alike[tuple(f"{name}{isinstance(value, Null)}" for name, value in values.items())].append(position)
    found: dict[int, Item] = {}
    for positions in alike.values():
        first = rows[positions[0]]
        plain = [_without_nulls(rows[position]) for position in positions]
        statement = _insert(view, first, many=len(plain) > 1)
        try:
            stored = (await connection.execute(statement, plain if len(plain) > 1 else plain[0])).all()
        except IntegrityError as error:
            raise await refusal_for(connection, view.table, words, error, given=dict(first)) from error
        for position, row in zip(positions, stored, strict=True):
            found[position] = Item(dict(zip(view.shown, row, strict=False)), row[-1])
    return [found[position] for position in range(len(rows))]


async def change_row(
    connection: AsyncConnection,
    view: View,
    shape: Shape,
    rule: Rule,
    values: Values,
    words: str,
    *,
    given: dict[str, Any] | None = None,
    doomed: str | UUID | None = None,
) -> Item | None:
    """The row that a statement of this shape finds, updates or deletes; None if there is none.

    Raises:
        Conflict, Invalid: `given` breaks a constraint, or others refer to the `doomed` row.
    """
    statement, of_rule = prepared(view, shape, rule, connection.dialect.name)
    try:
        rows = (await connection.exec_driver_sql(*statement.compiled.ready({**values, **of_rule}))).all()
    except IntegrityError as error:
        where = None if doomed is None else _is(view, doomed)
        raise await refusal_for(connection, view.table, words, error, given=given, doomed=where) from error
    return Item(statement.record(rows[0]), rows[0][-1]) if rows else None


def _insert(view: View, given: Values, *, many: bool) -> ReturningInsert[Any]:
    """For rows that have values for the same columns as `given`, and nulls for the same, which it holds itself."""
    nulls = {name: value for name, value in given.items() if isinstance(value, Null)}
    statement = insert(view.table).values(nulls) if nulls else insert(view.table)
    shown = [view.fields[name].column for name in view.shown]
    return statement.returning(*shown, view.version, sort_by_parameter_order=many)


def _without_nulls(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, Null)}


def _is(view: View, key: str | UUID) -> ColumnElement[bool]:
    by_id, by_key = view.read_key(key)
    return or_(view.table.c.id == by_id, view.table.c[view.key] == by_key)
