"""How Alembic reaches the database.

On SQLite a batch operation rebuilds the table: with foreign keys on, dropping the old one deletes
every cascading child and all triggers, without a word. So foreign keys are off for the whole
migration, triggers are generated anew from the metadata, and the keys are checked before the commit.
On PostgreSQL each migration is a transaction.
"""

import asyncio
from functools import partial
from typing import Any, Literal

from alembic import context
from alembic.operations.ops import CreateTableOp, DropColumnOp
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, event, pool
from sqlalchemy.ext.asyncio import create_async_engine

from opsroom.core.audit.machinery import migrated, record_unseen, regenerate_trail
from opsroom.core.db.attribution import AttributedConnection, attribute_sqlite
from opsroom.core.db.base import Base
from opsroom.core.db.columns import Instant, JsonDocument, Money
from opsroom.core.db.connect import connect
from opsroom.core.db.engine import async_url
from opsroom.core.db.origin import Origin, set_origin
from opsroom.core.db.triggers import regenerate_triggers
from opsroom.migrations.aside import put_back, set_aside
from opsroom.migrations.histories import VERSION_TABLE, History, import_models, our_history, outside_histories
from opsroom.migrations.offline import every_trigger
from opsroom.migrations.patience import alone, reached
from opsroom.migrations.schema import head_revision
from opsroom.settings import load_settings

import_models()
HISTORY: History = context.config.attributes.get("history") or our_history()
LOCK_TIMEOUT = "10s"  # an ALTER that waits for a lock has everyone else wait behind it


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Migrations speak of plain types, so that they keep meaning the same when ours change."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Money):
        return "sa.BigInteger()"
    if isinstance(item, type(JsonDocument)):
        autogen.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


def keep_trail(ctx: MigrationContext, step: MigrationInfo, **_rest: Any) -> None:
    """In the transaction of each step: triggers that fit the new tables, and the step itself as an event."""
    if ctx.connection is not None and not ctx.as_sql:
        facts = {"revision": step.up_revision_id, "direction": "up" if step.is_upgrade else "down"}
        migrated(ctx.connection, Base.metadata, facts if HISTORY.is_ours else facts | {"app": HISTORY.name})
        if step.is_upgrade and step.up_revision_id == head_revision(HISTORY):
            names = [name for name in Base.metadata.tables if is_of_this_history(None, name, "table", True, None)]
            record_unseen(ctx.connection, Base.metadata, frozenset(names))


def is_of_this_history(_found: Any, name: str | None, kind: str, reflected: bool, _model: Any) -> bool:  # noqa: FBT001  Alembic's signature
    """A table that nobody declares is ours to explain; one of another history is that history's."""
    if kind != "table" or name is None:
        return True
    if HISTORY.is_ours and reflected:
        others = frozenset[str]().union(*(history.tables() for history in outside_histories()))
        return name not in others and not name.startswith(VERSION_TABLE)
    return name in HISTORY.tables()


def arrange(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """What tables say for the making of triggers does not belong into a migration; what its way back loses does."""
    for directive in directives:
        for operation in directive.upgrade_ops.ops:
            if isinstance(operation, CreateTableOp):
                operation.info = {}
        for table in directive.downgrade_ops.ops:
            drops = (each for each in getattr(table, "ops", ()) if isinstance(each, DropColumnOp))
            LOSSES["loses"] += [f"{each.table_name}.{each.column_name}" for each in drops]


LOSSES: dict[str, list[str]] = {"loses": []}
OPTIONS: dict[str, Any] = {
    "template_args": LOSSES,
    "process_revision_directives": arrange,
    "render_item": render_item,
    "target_metadata": Base.metadata,
    "compare_type": True,
    "compare_server_default": True,
    "render_as_batch": True,  # whatever it is written on, SQLite must be able to do it
    "transaction_per_migration": True,
    "on_version_apply": keep_trail,
    "version_table": HISTORY.version_table,
    "include_object": is_of_this_history,
}


def database_url() -> str:
    given: str | None = context.config.attributes.get("url")
    return given or load_settings().database


def run_offline() -> None:
    url = async_url(database_url())
    context.configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"}, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
        if _goes_to_head():
            for statement in every_trigger(Base.metadata, url.get_backend_name(), HISTORY):
                context.execute(statement)


def _goes_to_head() -> bool:
    """Triggers are those of the newest tables; a script to another revision leaves them to the next migration."""
    heads: Any = context.get_head_revisions()
    return context.get_revision_argument() in {"head", "heads"} | set(heads)


async def run_online() -> None:
    set_origin(Origin(user_name="migration"))
    settings = load_settings()
    url = async_url(database_url())
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, poolclass=pool.NullPool)
    else:
        arguments = {"async_creator_fn": connect, "connection_class": AttributedConnection}
        engine = create_async_engine(url, poolclass=pool.NullPool, connect_args=arguments)
        timeouts = partial(_limit, milliseconds=int(settings.long_statement_timeout * 1000))
        event.listen(engine.sync_engine, "begin", timeouts)
    try:
        async with reached(engine, settings.database_wait) as connection:
            if not _changes_something():
                await connection.run_sync(_look)
            elif url.get_backend_name() == "sqlite":
                await connection.run_sync(_migrate_sqlite)
            else:
                async with alone(engine):
                    await connection.run_sync(_migrate_postgresql)
    finally:
        await engine.dispose()


def _changes_something() -> bool:
    """False for the commands that only look, as `current`, `history` and `check`."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def _look(connection: Connection) -> None:
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def _limit(connection: Connection, *, milliseconds: int) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")


def _migrate_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.isolation_level = None
    attribution = attribute_sqlite(driver)
    for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "busy_timeout=30000", "recursive_triggers=ON"):
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    attribution.begin()
    try:
        kept = set_aside(connection)
        # One transaction for all: the driver's transactional DDL keeps every migration or none.
        context.configure(connection=connection, **OPTIONS | {"transaction_per_migration": False})
        context.run_migrations()
        regenerate_triggers(connection, Base.metadata)
        regenerate_trail(connection, Base.metadata)
        put_back(connection, kept)
        _check_foreign_keys(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise RuntimeError(f"the migration would leave {len(broken)} dangling references in {tables}; nothing was kept")


def _migrate_postgresql(connection: Connection) -> None:
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()  # where nothing was to be done, a transaction that has only read is left open
    with connection.begin():
        regenerate_triggers(connection, Base.metadata)
        regenerate_trail(connection, Base.metadata)


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
