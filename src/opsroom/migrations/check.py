"""Does the schema fit this program?"""

from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.db.engine import Database
from opsroom.migrations.schema import alembic_config, head_revision


class SchemaMismatch(Exception):  # noqa: N818  said to a person who starts the program
    """The sentence says which side is older and what to do."""


async def current_revision(connection: AsyncConnection) -> str | None:
    tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    if "alembic_version" not in tables:
        return None
    found: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def require_current(database: Database) -> None:
    """
    Raises:
        SchemaMismatch: the schema is missing, older or newer than this program.
    """
    async with database.reading() as connection:
        current = await current_revision(connection)
    if current == head_revision():
        return
    if current is None:
        raise SchemaMismatch("the database has no tables yet; run `opsroom db migrate`")
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if current not in known:
        raise SchemaMismatch(
            f"the database is at revision {current}, which this version does not know: it is newer than the program; "
            "install the newer version"
        )
    raise SchemaMismatch(f"the database is at revision {current}, older than this program; run `opsroom db migrate`")
