"""Which field or reference a constraint speaks of, from the errors of both engines."""

import re
from typing import Any

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Table, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import ColumnCollectionConstraint

from opsroom.core.db.refusals import broken_rule
from opsroom.core.errors import Conflict, Invalid, Refusal

FAILED = re.compile(r"(?P<kind>\w[\w ]*) constraint failed(: (?P<what>.+))?")
SQLITE_KINDS = {"UNIQUE": "unique", "NOT NULL": "null", "CHECK": "check", "FOREIGN KEY": "reference"}
POSTGRES_KINDS = {"23505": "unique", "23502": "null", "23514": "check", "23503": "reference"}


async def refusal_for(
    connection: AsyncConnection,
    table: Table,
    words: str,
    error: IntegrityError,
    *,
    given: dict[str, Any] | None = None,
    doomed: ColumnElement[bool] | None = None,
) -> Refusal:
    """The refusal for a write of `given`, or a delete of the `doomed`, that broke a constraint.

    `words` say what a row is.
    """
    broken = broken_rule(str(error.orig))
    if broken is not None:
        return broken
    cause: Any = error.orig.__cause__ if error.orig else None
    if hasattr(cause, "constraint_name"):
        kind = POSTGRES_KINDS.get(cause.sqlstate, "")
        names = _postgres_names(table, kind, cause)
    else:
        kind, names = _sqlite_names(str(error.orig))
        if kind == "reference":
            # SQLite does not say which; its statement alone was undone, so the same transaction can be asked.
            if doomed is None:
                names = await _dangling(connection, table, given or {})
            else:
                names = await _referring(connection, table, doomed)
    return _refusal(words, kind, names, is_delete=doomed is not None)


def _refusal(words: str, kind: str, names: list[str], *, is_delete: bool) -> Refusal:
    named = ", ".join(names)
    match kind:
        case "unique":
            return Conflict(f"There is another {words} with this {named}.", code="duplicate", fields=names)
        case "null":
            return Invalid(f"{named}: a value is needed.", fields=names)
        case "check":
            return Invalid(f"A rule of the table is broken: {named}.", code="constraint", constraint=named)
        case "reference" if not is_delete:
            return Conflict(f"{named} refers to a record that does not exist.", code="reference", fields=names)
        case "reference":
            return Conflict(
                f"The {words} is still referred to by {named}; remove those first.",
                code="referred_to",
                referring=names,
            )
    return Conflict("The database refused the change because a rule of the table is broken.", code="constraint")


def _postgres_names(table: Table, kind: str, cause: Any) -> list[str]:
    if kind == "null":
        return [cause.column_name]
    if kind == "check":
        return [cause.constraint_name]
    if kind == "reference" and cause.table_name != table.name:
        return [cause.table_name]
    for constraint in (*table.constraints, *table.indexes):
        if isinstance(constraint, ColumnCollectionConstraint | Index) and constraint.name == cause.constraint_name:
            return [column.name for column in constraint.columns] or [cause.constraint_name]
    return [cause.constraint_name]


def _sqlite_names(message: str) -> tuple[str, list[str]]:
    match = FAILED.search(message)
    kind = SQLITE_KINDS.get(match["kind"], "") if match else ""
    what = match["what"] if match else None
    return kind, [part.rpartition(".")[2] for part in what.split(", ")] if what else []


async def _dangling(connection: AsyncConnection, table: Table, given: dict[str, Any]) -> list[str]:
    found = []
    for constraint in table.foreign_key_constraints:
        pairs = [(key.parent.name, key.column) for key in constraint.elements]
        if any(given.get(name) is None for name, _ in pairs):
            continue
        there = exists().where(*(column == given[name] for name, column in pairs))
        if not await connection.scalar(select(there)):
            found += [name for name, _ in pairs]
    return sorted(found)


async def _referring(connection: AsyncConnection, table: Table, doomed: ColumnElement[bool]) -> list[str]:
    """The tables that keep the rows of a delete from going."""
    found = set()
    for other in table.metadata.sorted_tables:
        for constraint in other.foreign_key_constraints:
            if constraint.referred_table is table and _forbids(constraint):
                (key, *_) = constraint.elements
                gone = select(key.column).where(doomed)
                if await connection.scalar(select(exists().where(key.parent.in_(gone)))):
                    found.add(other.name)
    return sorted(found)


def _forbids(constraint: ForeignKeyConstraint) -> bool:
    return (constraint.ondelete or "NO ACTION").upper() in {"NO ACTION", "RESTRICT"}
