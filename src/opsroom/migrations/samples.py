"""A few rows for every table, made from the models: so that what a migration does to rows can be seen."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import islice, product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    inspect,
)
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator

from opsroom.core.db.base import Base
from opsroom.core.db.columns import Instant
from opsroom.core.db.engine import Database
from opsroom.migrations.histories import History

ROWS = 2
TRIES = 2000  # combinations of values until a row satisfies its table's rules
START = datetime(2026, 1, 1, tzinfo=UTC)
WRITTEN_BY_TRIGGERS = "audit_"
ONE_OF = re.compile(r"(?P<column>\w+) IN \((?P<values>'[^']*'(?:, '[^']*')*)\)")

Made = dict[str, list[Mapping[str, Any]]]


async def fill(database: Database, history: History, left_empty: frozenset[str] = frozenset()) -> list[str]:
    """Put rows into each table but those; gives the names of tables of the history for which none could be made."""
    made: Made = {}
    empty = []
    async with database.transaction() as session:
        connection = await session.connection()
        present = await connection.run_sync(
            lambda sync: {name: {c["name"] for c in inspect(sync).get_columns(name)} for name in _tables(sync)}
        )
        for table in Base.metadata.sorted_tables:
            if table.name not in present.keys() - left_empty or table.name.startswith(WRITTEN_BY_TRIGGERS):
                continue
            columns = [column for column in table.columns if column.name in present[table.name]]
            made[table.name] = [
                row for number in range(1, ROWS + 1) if (row := await _insert(session, table, columns, made, number))
            ]
            if not made[table.name] and table.name in history.tables():
                empty.append(table.name)
    return empty


def _tables(connection: Any) -> list[str]:
    return list(inspect(connection).get_table_names())


async def _insert(
    session: AsyncSession, table: Table, columns: list[Column[Any]], made: Made, number: int
) -> Mapping[str, Any] | None:
    for values in islice(_candidates(columns, made, number), TRIES):
        try:
            async with session.begin_nested():
                await session.execute(table.insert().values(values))
        except StatementError:
            continue
        return values
    return None


def _candidates(columns: list[Column[Any]], made: Made, number: int) -> Iterator[dict[str, Any]]:
    """Full rows first, then such with nothing in all columns that may be empty, then in one of them."""
    optional = [column.name for column in columns if column.nullable]
    left_out: list[set[str]] = [set(), set(optional), *({name} for name in optional)]
    chosen = [(column, choices) for column in columns if (choices := _choices(column))]
    for spread, missing in product((0, 1), left_out):
        values = {
            column.name: None if column.name in missing else _value(column, made, number, spread * index)
            for index, column in enumerate(columns)
        }
        for choice in product(*(choices[:: 1 if number % 2 else -1] for _, choices in chosen)):
            yield values | {
                column.name: value
                for (column, _), value in zip(chosen, choice, strict=True)
                if values[column.name] is not None
            }


def _choices(column: Column[Any]) -> list[Any]:
    """What the column's type or a rule of its table lists as its values; nothing if neither does."""
    kind: Any = column.type
    if isinstance(kind, Enum):
        return list(kind.enum_class or kind.enums)
    rules = (rule for rule in column.table.constraints if isinstance(rule, CheckConstraint))
    listed = (found for rule in rules if (found := ONE_OF.fullmatch(str(rule.sqltext))))
    return next((re.findall("'([^']*)'", found["values"]) for found in listed if found["column"] == column.name), [])


def _value(column: Column[Any], made: Made, number: int, shift: int) -> Any:
    for key in column.foreign_keys:
        rows = made.get(key.column.table.name)
        # Two columns that refer to the same table refer to different rows.
        turn = number - 1 + list(column.table.columns).index(column)
        return rows[turn % len(rows)][key.column.name] if rows else None
    kind: Any = column.type
    if isinstance(kind, Enum):
        return _choices(column)[0]
    if isinstance(kind, TypeDecorator) and not isinstance(kind, Instant):
        kind = kind.impl_instance
    if isinstance(kind, Uuid):
        return UUID(bytes=_digest(column, number)[:16])
    if isinstance(kind, String):
        return _digest(column, number).hex()[: kind.length or None]
    if isinstance(kind, Integer | BigInteger):
        return number + shift
    return _other_value(kind, number, list(column.table.columns).index(column), column)


def _other_value(kind: Any, number: int, position: int, column: Column[Any]) -> Any:
    # Later columns have later times: what begins is declared before what ends.
    at = START + timedelta(days=number, hours=position)
    if isinstance(kind, DateTime) and not kind.timezone:
        return at.replace(tzinfo=None)
    by_kind: dict[Any, Any] = {
        Boolean: number % 2 == 1,
        Instant: at,
        DateTime: at,
        Date: at.date() + timedelta(days=position),
        Time: time(position % 24, number),
        Interval: timedelta(hours=number),
        LargeBinary: _digest(column, number),
        JSON: {"sample": number},
        Numeric: Decimal("0.5"),
        Float: 0.5,
    }
    return next((value for each, value in by_kind.items() if isinstance(kind, each)), None)


def _digest(column: Column[Any], number: int) -> bytes:
    return hashlib.sha256(f"{column} {number}".encode()).digest()
