"""Triggers as a script for a database that this program may not change itself."""

from collections.abc import Iterator

from sqlalchemy import MetaData

from opsroom.core.audit import postgresql, sqlite
from opsroom.core.audit.declaration import audited_tables
from opsroom.core.db.triggers import trigger_statements

SCHEMA = "public"


def every_trigger(metadata: MetaData, dialect: str) -> Iterator[str]:
    """What a migration makes anew from the metadata at its end, for a database that has every table."""
    yield from trigger_statements(metadata, dialect, frozenset(metadata.tables))
    tables = audited_tables(metadata)
    if dialect == "sqlite":
        yield from sqlite.shared_statements()
        for audited in tables:
            yield from sqlite.table_statements(audited)
        return
    yield from postgresql.shared_statements(SCHEMA)
    for audited in tables:
        yield from postgresql.table_statements(audited, SCHEMA)
