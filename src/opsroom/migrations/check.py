"""Does the schema fit this program?"""

from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.check import gaps
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.db.refusals import refusal_from
from opsroom.core.db.triggers import absent
from opsroom.core.errors import Unavailable
from opsroom.migrations.histories import History, all_histories
from opsroom.migrations.schema import head_revision, scripts


class SchemaMismatch(Exception):  # noqa: N818  said to a person who starts the program
    """The sentence says which side is older and what to do."""


async def current_revisions(connection: AsyncConnection, history: History) -> frozenset[str]:
    tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    if history.version_table not in tables:
        return frozenset()
    found = await connection.scalars(text(f"SELECT version_num FROM {history.version_table}"))  # noqa: S608  a name of ours
    return frozenset(found)


async def require_current(database: Database) -> None:
    """
    Raises:
        SchemaMismatch: the schema is missing, older or newer than this program, or out of reach.
    """
    for history, current in (await _reachable_revisions(database)).items():
        _require_head(history, current)


async def missing_triggers(database: Database) -> list[str]:
    """Those that keep versions, refuse, or write the trail, and are missing, switched off or changed."""
    async with database.reading() as connection:
        return [*await connection.run_sync(absent, Base.metadata), *await connection.run_sync(gaps, Base.metadata)]


def _require_head(history: History, current: frozenset[str]) -> None:
    what = "the database" if history.is_ours else f"the app {history.name} in the database"
    try:
        head = head_revision(history)
    except CommandError:
        raise SchemaMismatch(f"the migrations of {history.name} have several heads; see `opsroom db heads`") from None
    if current == ({head} if head else set()):
        return
    if not current:
        raise SchemaMismatch(f"{what} has no tables yet; run `opsroom db migrate`")
    known = {script.revision for script in scripts(history).walk_revisions()}
    shown = ", ".join(sorted(current))
    if not current <= known:
        newer = "the program" if history.is_ours else f"the installed {history.name}"
        raise SchemaMismatch(
            f"{what} is at revision {shown}, which this version does not know: it is newer than {newer}; "
            "install the newer version"
        )
    raise SchemaMismatch(f"{what} is at revision {shown}, older than this program; run `opsroom db migrate`")


async def _reachable_revisions(database: Database) -> dict[History, frozenset[str]]:
    try:
        async with database.reading() as connection:
            return {history: await current_revisions(connection, history) for history in all_histories()}
    except Unavailable as error:
        raise SchemaMismatch(f"the database does not answer: {error.__cause__}") from None
    except DBAPIError as error:
        if isinstance(refusal_from(error), Unavailable):
            raise SchemaMismatch(f"the database does not answer: {error.orig}") from None
        raise
