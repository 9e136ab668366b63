"""What a database knows of its own shape, and the rows in it: to be compared before and after."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Inspector, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from opsroom.core.db.connect import connect
from opsroom.core.db.engine import POSTGRESQL, async_url
from opsroom.migrations.histories import VERSION_TABLE

POSTGRESQL_SHAPE = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'""",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`shape`: one tuple for each column, constraint, index, trigger, function and view, whatever order they are in.
    `columns` and `rows` are those of each table.
    """

    shape: frozenset[tuple[str, ...]]
    columns: Mapping[str, frozenset[str]]
    rows: Mapping[str, tuple[Row, ...]]

    def values(self, table: str, columns: frozenset[str]) -> Counter[tuple[str, ...]]:
        """How often each combination of values occurs."""
        names = sorted(columns)
        return Counter(tuple(repr(row[name]) for name in names) for row in self.rows[table])


async def take(url: str) -> Snapshot:
    target = async_url(url)
    arguments = {"async_creator_fn": connect} if target.get_backend_name() == POSTGRESQL else {}
    engine = create_async_engine(target, connect_args=arguments)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_look)
    finally:
        await engine.dispose()


def _look(connection: Connection) -> Snapshot:
    inspector = inspect(connection)
    tables = [name for name in inspector.get_table_names() if not name.startswith(VERSION_TABLE)]
    is_postgresql = connection.dialect.name == POSTGRESQL
    shape = _shape_of_postgresql(connection) if is_postgresql else _shape_of_sqlite(connection, inspector, tables)
    rows = {table: _rows(connection, table) for table in tables}
    columns = {table: frozenset(column["name"] for column in inspector.get_columns(table)) for table in tables}
    return Snapshot(frozenset(shape), columns, rows)


def _shape_of_postgresql(connection: Connection) -> Iterator[tuple[str, ...]]:
    for kind, query in POSTGRESQL_SHAPE.items():
        for row in connection.execute(text(query)):
            yield (kind, *(str(part) for part in row))


def _shape_of_sqlite(connection: Connection, inspector: Inspector, tables: list[str]) -> Iterator[tuple[str, ...]]:
    """The text that SQLite keeps of a table depends on how the table came about, so the parts are compared."""
    for table in tables:
        parts: dict[str, list[Any]] = {
            "columns": [*inspector.get_columns(table)],
            "primary key": [inspector.get_pk_constraint(table)],
            "foreign keys": [*inspector.get_foreign_keys(table)],
            "constraints": [*inspector.get_unique_constraints(table), *inspector.get_check_constraints(table)],
        }
        for kind, found in parts.items():
            yield from ((kind, table, _words(_sorted(part))) for part in found)
    others = text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL")
    for kind, name, table, sql in connection.execute(others):
        yield (f"the {kind}", table, name, _words(sql))


def _sorted(part: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(part.items()))


def _words(sql: str) -> str:
    return " ".join(sql.split())


def _rows(connection: Connection, table: str) -> tuple[Row, ...]:
    return tuple(dict(row) for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings())  # noqa: S608  found in the catalogue
