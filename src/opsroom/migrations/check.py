"""Does the schema fit this program?"""

from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.db.engine import Database
from opsroom.core.db.refusals import refusal_from
from opsroom.core.errors import Unavailable
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
        SchemaMismatch: the schema is missing, older or newer than this program, or out of reach.
    """
    current = await _reachable_revision(database)
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


async def _reachable_revision(database: Database) -> str | None:
    try:
        async with database.reading() as connection:
            return await current_revision(connection)
    except Unavailable as error:
        raise SchemaMismatch(f"the database does not answer: {error.__cause__}") from None
    except DBAPIError as error:
        if isinstance(refusal_from(error), Unavailable):
            raise SchemaMismatch(f"the database does not answer: {error.orig}") from None
        raise
