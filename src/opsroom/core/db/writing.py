"""Writing rows of a view in the caller's transaction, or in one of their own, each with what it is now in return."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnDefault, ColumnElement, Insert, Null, Table, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.db.engine import Database
from opsroom.core.db.lists import Item, Rule
from opsroom.core.db.origin import as_hex, current_origin
from opsroom.core.db.refusals import BROKEN_RULES
from opsroom.core.db.statements import DeleteShape, Shape, insert_shape, prepared
from opsroom.core.db.views import View
from opsroom.core.db.violations import refusal_for

Values = Mapping[str, Any]


async def insert_rows(session: AsyncSession, view: View, rows: Sequence[Values], words: str) -> list[Item]:
    """All of them, in as few statements as there are sets of columns given. `words` say what a row is.

    Raises:
        Conflict, Invalid: a constraint is broken; of several rows it is not said which broke it.
    """
    connection = await session.connection()
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, values in enumerate(rows):
        alike[tuple(f"{name}{isinstance(value, Null)}" for name, value in values.items())].append(position)
    found: dict[int, Item] = {}
    for positions in alike.values():
        first = rows[positions[0]]
        plain = [_without_nulls(rows[position]) for position in positions]
        stored: Sequence[Sequence[Any]]
        try:
            if len(plain) > 1 and connection.dialect.name == "sqlite":
                stored = await _one_by_one(connection, view, first, plain)
            else:
                statement = _insert(view, first).returning(*_told(view), sort_by_parameter_order=len(plain) > 1)
                stored = (await connection.execute(statement, plain if len(plain) > 1 else plain[0])).all()
        except IntegrityError as error:
            raise await refusal_for(connection, view.table, words, error, given=dict(first)) from error
        for position, row in zip(positions, stored, strict=True):
            found[position] = Item(dict(zip(view.shown, row, strict=False)), row[-1])
    return [found[position] for position in range(len(rows))]


async def change_row(
    session: AsyncSession,
    view: View,
    shape: Shape,
    rule: Rule,
    values: Values,
    words: str,
    *,
    given: dict[str, Any] | None = None,
) -> Item | None:
    """The row that a statement of this shape finds, updates or deletes; None if there is none.

    Raises:
        Conflict, Invalid: `given` breaks a constraint, or others refer to the row to be deleted.
    """
    connection = await session.connection()
    statement, of_rule = prepared(view, shape, rule, connection.dialect.name)
    try:
        rows = (await connection.exec_driver_sql(*statement.compiled.ready({**values, **of_rule}))).all()
    except IntegrityError as error:
        where = _is(view, values) if isinstance(shape, DeleteShape) else None
        raise await refusal_for(connection, view.table, words, error, given=given, doomed=where) from error
    return Item(statement.record(rows[0]), rows[0][-1]) if rows else None


async def insert_alone(database: Database, view: View, values: Values) -> Item | None:
    """As `change_alone`, a row with these values."""
    given = _defaults(view.table) | dict(values)
    place = {f"set_{name}": value for name, value in given.items()}
    return await change_alone(database, view, insert_shape(given), None, place)


async def change_alone(database: Database, view: View, shape: Shape, rule: Rule, values: Values) -> Item | None:
    """The row that a statement of this shape makes, changes or deletes, in a transaction of its own.

    None if that takes a unit of work, if only to tell why not: there is no such row, or it would break a constraint.
    """
    if database.alone is None:
        return None
    statement, of_rule = prepared(view, shape, rule, database.dialect_name, alone=True)
    ready = statement.compiled.ready({**values, **of_rule, "origin": as_hex(current_origin())})
    try:
        rows = await database.alone.fetch(*ready)
    except BROKEN_RULES:
        return None
    return Item(statement.record(rows[0]), rows[0][-1]) if rows else None


async def _one_by_one(
    connection: AsyncConnection, view: View, first: Values, rows: list[dict[str, Any]]
) -> Sequence[Sequence[Any]]:
    """Where a statement of many rows would take a default that looks at the table itself from the table as it was."""
    given: list[dict[str, Any]] = [{"id": uuid7(), **row} for row in rows]
    await connection.execute(_insert(view, first), given)
    identity = view.table.c.id
    found = await connection.execute(select(*_told(view), identity).where(identity.in_([row["id"] for row in given])))
    by_id = {row[-1]: tuple(row[:-1]) for row in found}
    return [by_id[row["id"]] for row in given]


def _insert(view: View, given: Values) -> Insert:
    """For rows that have values for the same columns as `given`, and nulls for the same, which it holds itself."""
    nulls = {name: value for name, value in given.items() if isinstance(value, Null)}
    return insert(view.table).values(nulls) if nulls else insert(view.table)


def _told(view: View) -> list[ColumnElement[Any]]:
    return [*(view.fields[name].column for name in view.shown), view.version]


def _defaults(table: Table) -> dict[str, Any]:
    """Of the columns whose default is made here; the others' stand in the statement or in the database."""
    made = ((column.name, column.default) for column in table.columns if isinstance(column.default, ColumnDefault))
    return {name: each.arg(None) if each.is_callable else each.arg for name, each in made if not each.is_clause_element}


def _without_nulls(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, Null)}


def _is(view: View, place: Values) -> ColumnElement[bool]:
    return or_(view.table.c.id == place["id"], view.table.c[view.key] == place["key"])
