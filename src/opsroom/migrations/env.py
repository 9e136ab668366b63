"""How Alembic reaches the database.

On SQLite a batch operation rebuilds the table: with foreign keys on, dropping the old one deletes
every cascading child and all triggers, without a word. So foreign keys are off for the whole
migration, triggers are generated anew from the metadata, and the keys are checked before the commit.
"""

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from opsroom.apps import installed_apps
from opsroom.core.app import resolve
from opsroom.core.audit.machinery import migrated, regenerate_trail
from opsroom.core.db.attribution import AttributedConnection, attribute_sqlite
from opsroom.core.db.base import Base
from opsroom.core.db.columns import Instant, JsonDocument
from opsroom.core.db.engine import async_url
from opsroom.core.db.origin import Origin, set_origin
from opsroom.core.db.triggers import regenerate_triggers
from opsroom.settings import load_settings

for app in installed_apps():
    if app.models:
        resolve(app.models)

LOCK_TIMEOUT = "10s"


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Migrations speak of plain types, so that they keep meaning the same when ours change."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, type(JsonDocument)):
        autogen.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


def keep_trail(ctx: MigrationContext, step: MigrationInfo, **_rest: Any) -> None:
    """In the transaction of each step: triggers that fit the new tables, and the step itself as an event."""
    if ctx.connection is not None:
        migrated(ctx.connection, Base.metadata, step.up_revision_id, is_upgrade=step.is_upgrade)


OPTIONS: dict[str, Any] = {
    "render_item": render_item,
    "target_metadata": Base.metadata,
    "compare_type": True,
    "compare_server_default": True,
    "transaction_per_migration": True,
    "on_version_apply": keep_trail,
}


def database_url() -> str:
    given: str | None = context.config.attributes.get("url")
    return given or load_settings().database


def run_offline() -> None:
    url = async_url(database_url())
    context.configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"}, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    set_origin(Origin(user_name="migration"))
    url = async_url(database_url())
    options = {} if url.get_backend_name() == "sqlite" else {"connection_class": AttributedConnection}
    engine = create_async_engine(url, poolclass=pool.NullPool, connect_args=options)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def migrate(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        _migrate_sqlite(connection)
    else:
        _migrate_postgresql(connection)


def _migrate_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.isolation_level = None
    attribution = attribute_sqlite(driver)
    for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "busy_timeout=30000", "recursive_triggers=ON"):
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    attribution.begin()
    try:
        # One transaction for all: the driver's transactional DDL keeps every migration or none.
        context.configure(connection=connection, render_as_batch=True, **OPTIONS | {"transaction_per_migration": False})
        context.run_migrations()
        regenerate_triggers(connection, Base.metadata)
        regenerate_trail(connection, Base.metadata)
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
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    # Two servers that start at once must not migrate at once.
    connection.exec_driver_sql("SELECT pg_advisory_lock(hashtext('opsroom.migrations'))")
    connection.commit()
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
