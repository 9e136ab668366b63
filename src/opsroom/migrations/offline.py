"""Triggers as a script for a database that this program may not change itself."""

from collections.abc import Iterator

from sqlalchemy import MetaData

from opsroom.core.audit import postgresql, sqlite
from opsroom.core.audit.declaration import audited_tables
from opsroom.core.db.triggers import trigger_statements
from opsroom.migrations.histories import History

SCHEMA = "public"


def every_trigger(metadata: MetaData, dialect: str, history: History) -> Iterator[str]:
    """What a migration makes anew from the metadata at its end, for a database that has every table of the history."""
    names = history.tables()
    yield from trigger_statements(metadata, dialect, names)
    tables = [audited for audited in audited_tables(metadata) if audited.name in names]
    if dialect == "sqlite":
        yield from sqlite.shared_statements() if history.is_ours else ()
        for audited in tables:
            yield from sqlite.table_statements(audited)
        return
    yield from postgresql.shared_statements(SCHEMA) if history.is_ours else ()
    for audited in tables:
        yield from postgresql.table_statements(audited, SCHEMA)
