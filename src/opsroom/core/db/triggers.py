"""Triggers that keep `version` and `updated_at`, and those of rules, generated from the metadata for both engines.

Our own statements set both columns; the trigger acts only on those that did not (raw SQL, other
clients), so that `RETURNING` of our statements gives the version that is stored.
"""

import re
from collections.abc import Container

from sqlalchemy import Connection, MetaData, Table, inspect

from opsroom.core.db.append_only import REFUSE_FUNCTION, keep_statements
from opsroom.core.db.rules import rule_statements

NAME = re.compile(r"CREATE (OR REPLACE )?TRIGGER (?P<name>\w+)")

TOUCH_FUNCTION = """
CREATE OR REPLACE FUNCTION opsroom_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version = OLD.version THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$
"""


def regenerate_triggers(connection: Connection, metadata: MetaData) -> None:
    """Make the triggers of every table that exists anew. Runs after each migration."""
    present = frozenset(inspect(connection).get_table_names())
    for statement in trigger_statements(metadata, connection.dialect.name, present):
        connection.exec_driver_sql(statement)


def trigger_statements(metadata: MetaData, dialect: str, present: Container[str]) -> list[str]:
    statements = [TOUCH_FUNCTION, REFUSE_FUNCTION] if dialect == "postgresql" else []
    for table in touched_tables(metadata):
        if table.name in present:
            statements += touch_statements(table, dialect)
    for table in metadata.sorted_tables:
        if table.name in present:
            statements += [*keep_statements(table, dialect), *rule_statements(table, dialect)]
    return statements


def absent(connection: Connection, metadata: MetaData) -> list[str]:
    """Those of `trigger_statements` that the database does not have."""
    dialect = connection.dialect.name
    query = "tgname FROM pg_trigger" if dialect == "postgresql" else "name FROM sqlite_master WHERE type = 'trigger'"
    found = set(connection.exec_driver_sql(f"SELECT {query}").scalars())
    wanted = [NAME.search(sql) for sql in trigger_statements(metadata, dialect, frozenset(metadata.tables))]
    return [f"{match['name']} is not there" for match in wanted if match and match["name"] not in found]


def touched_tables(metadata: MetaData) -> list[Table]:
    return [t for t in metadata.sorted_tables if {"id", "version", "updated_at"} <= set(t.columns.keys())]


def touch_statements(table: Table, dialect: str) -> list[str]:
    name = f"touch_{table.name}"
    if dialect == "postgresql":
        # Replaced, not dropped: that waits for no reader, and nobody ever writes without it.
        occasion = f"BEFORE UPDATE ON {table.name} FOR EACH ROW"
        return [f"CREATE OR REPLACE TRIGGER {name} {occasion} EXECUTE FUNCTION opsroom_touch()"]
    # Three digits of the clock and three zeros: the text form of `Instant` has six.
    create = f"""
        CREATE TRIGGER {name} AFTER UPDATE ON {table.name} FOR EACH ROW WHEN NEW.version = OLD.version BEGIN
            UPDATE {table.name}
            SET version = OLD.version + 1, updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'
            WHERE id = NEW.id;
        END"""  # noqa: S608  names from our metadata
    return [f"DROP TRIGGER IF EXISTS {name}", create]
