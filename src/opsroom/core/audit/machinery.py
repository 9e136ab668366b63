"""Triggers and view of the trail, generated from the metadata after each migration."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Inspector, MetaData, inspect, text

from opsroom.core.audit import postgresql, sqlite
from opsroom.core.audit.declaration import AuditedTable, audited_tables
from opsroom.core.audit.events import Event, statement
from opsroom.core.audit.log import VIEW
from opsroom.core.audit.models import Action, AuditEntry, AuditTransaction

SCHEMA_MIGRATED = Event("database.schema.migrated", Action.CONFIGURE)


def regenerate_trail(connection: Connection, metadata: MetaData) -> None:
    """Let every audited table that exists write to the trail, and nothing change it.

    On PostgreSQL nothing is dropped before it is replaced: no other client ever writes unseen.
    """
    if connection.dialect.name == "sqlite":
        drop_on_sqlite(connection)
    for sql in statements(connection, metadata):
        connection.exec_driver_sql(sql)


def statements(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """What makes the trail of the tables that exist."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    has_trail = {AuditTransaction.__tablename__, AuditEntry.__tablename__} <= present
    columns = _columns(inspector)
    tables = [
        audited.as_found(columns[audited.name]) if audited.name in present else audited
        for audited in audited_tables(metadata)
    ]
    if connection.dialect.name == "postgresql":
        schema = connection.scalar(text("SELECT current_schema()"))
        yield from _on_postgresql(tables, present if has_trail else set(), str(schema), has_trail=has_trail)
    elif has_trail:
        yield from _on_sqlite([audited for audited in tables if audited.name in present])


def migrated(connection: Connection, metadata: MetaData, facts: Mapping[str, Any]) -> None:
    """Regenerate after one step of a migration, and record the step."""
    regenerate_trail(connection, metadata)
    if AuditEntry.__tablename__ in inspect(connection).get_table_names():
        connection.execute(statement(SCHEMA_MIGRATED, None, facts))


def record_unseen(connection: Connection, metadata: MetaData, names: Collection[str]) -> None:
    """Rows that a migration put into a new table came before its triggers; now they are in the trail as well.

    In the transaction of a step that `migrated` has recorded.
    """
    engine = postgresql if connection.dialect.name == "postgresql" else sqlite
    inspector = inspect(connection)
    columns = _columns(inspector)
    present = columns.keys() & set(names)
    known = text("SELECT 1 FROM audit_entries WHERE table_name = :name AND event IS NULL LIMIT 1")
    for audited in audited_tables(metadata):
        if audited.name in present and connection.scalar(known, {"name": audited.name}) is None:
            connection.exec_driver_sql(engine.first_entries(audited.as_found(columns[audited.name])))


def drop_on_sqlite(connection: Connection) -> None:
    """A migration that rebuilds a table of the trail fails on the triggers and the view that name it."""
    connection.exec_driver_sql(f"DROP VIEW IF EXISTS {VIEW}")
    names = connection.exec_driver_sql(
        f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB '{sqlite.PREFIX}*'"  # noqa: S608  ours
    ).scalars()
    for name in names.all():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


def _columns(inspector: Inspector) -> dict[str, set[str]]:
    """By table. On PostgreSQL one statement for all: the health check asks whenever it is looked at."""
    found = inspector.get_multi_columns()
    return {table: {column["name"] for column in columns} for (_schema, table), columns in found.items()}


def _on_postgresql(tables: list[AuditedTable], present: set[str], schema: str, *, has_trail: bool) -> Iterator[str]:
    if has_trail:
        yield from postgresql.shared_statements(schema)
    else:
        yield from postgresql.absent_trail_statements()
    for audited in tables:
        if audited.name in present:
            yield from postgresql.table_statements(audited, schema)
        else:
            yield from postgresql.absent_statements(audited.name)


def _on_sqlite(tables: list[AuditedTable]) -> Iterator[str]:
    yield from sqlite.shared_statements()
    for audited in tables:
        yield from sqlite.table_statements(audited)
