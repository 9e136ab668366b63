"""The migration verbs of `opsroom db`. Without an app, all histories where that makes sense, else ours."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from opsroom.core.db.engine import Database
from opsroom.core.db.refusals import refusal_from
from opsroom.core.errors import Unavailable
from opsroom.migrations.check import SchemaMismatch, missing_triggers, require_current
from opsroom.migrations.histories import History, all_histories, history_named, our_history
from opsroom.migrations.schema import alembic_config

T = TypeVar("T")

NEWEST = "head"


def migrate(url: str, revision: str = NEWEST, app: str | None = None) -> None:
    with _in_a_sentence():
        for history in _all_or(app) if revision in {NEWEST, "heads"} else [_one(app)]:
            command.upgrade(alembic_config(url, history), revision)


def rollback(url: str, step: int = 1, app: str | None = None) -> None:
    with _in_a_sentence():
        command.downgrade(alembic_config(url, _one(app)), f"-{step}")


def reset(url: str, app: str | None = None) -> None:
    """Down to nothing, the last migrated first, then up to the newest."""
    with _in_a_sentence():
        for history in reversed(_all_or(app)):
            command.downgrade(alembic_config(url, history), "base")
        for history in _all_or(app):
            command.upgrade(alembic_config(url, history), NEWEST)


def stamp(url: str, revision: str, app: str | None = None) -> None:
    with _in_a_sentence():
        command.stamp(alembic_config(url, _one(app)), revision)


def status(url: str, app: str | None = None) -> None:
    with _in_a_sentence():
        for config in _announced(url, app):
            command.current(config, verbose=True)


def history(url: str, revisions: str | None = None, app: str | None = None) -> None:
    with _in_a_sentence():
        for config in _announced(url, app) if revisions is None else [alembic_config(url, _one(app))]:
            command.history(config, revisions, indicate_current=True)


def show(revision: str, app: str | None = None) -> None:
    with _in_a_sentence():
        command.show(alembic_config(None, _one(app)), revision)


def heads(app: str | None = None) -> None:
    with _in_a_sentence():
        for config in _announced(None, app):
            command.heads(config, verbose=True)


def branches(app: str | None = None) -> None:
    with _in_a_sentence():
        for config in _announced(None, app):
            command.branches(config, verbose=True)


def check(url: str, app: str | None = None) -> None:
    """Fails when the database is out of reach, not current, or has another schema or other triggers than it should."""
    with _in_a_sentence():
        _run_on(url, require_current)
        for history in _all_or(app):
            command.check(alembic_config(url, history))
        missing = _run_on(url, missing_triggers)
        if missing:
            raise CommandError(f"triggers: {'; '.join(missing)}; `opsroom db migrate` makes them anew")


def revision(url: str, message: str, app: str | None = None) -> None:
    with _in_a_sentence():
        command.revision(alembic_config(url, _one(app)), message, autogenerate=True)


def empty_revision(message: str, app: str | None = None) -> None:
    with _in_a_sentence():
        command.revision(alembic_config(None, _one(app)), message)


def branch(message: str, parent: str, app: str | None = None) -> None:
    """A migration after `parent`, beside the one that follows it already."""
    with _in_a_sentence():
        command.revision(alembic_config(None, _one(app)), message, head=parent, splice=True)


def script(url: str, revisions: str = NEWEST, output: Path | None = None, app: str | None = None) -> None:
    """Write the SQL of an upgrade, for a database that this program may not change; `a:b` for a part of it."""
    with _in_a_sentence():
        config = alembic_config(url, _one(app))
        if output is None:
            command.upgrade(config, revisions, sql=True)
            return
        with output.open("w") as config.output_buffer:
            command.upgrade(config, revisions, sql=True)


def _one(app: str | None) -> History:
    return history_named(app) if app else our_history()


def _all_or(app: str | None) -> list[History]:
    return [history_named(app)] if app else list(all_histories())


def _announced(url: str | None, app: str | None) -> Iterator[Config]:
    """With a title where there are several."""
    chosen = _all_or(app)
    for each in chosen:
        if len(chosen) > 1:
            sys.stdout.write(f"# {each.name}\n")
            sys.stdout.flush()
        yield alembic_config(url, each)


def _run_on(url: str, look: Callable[[Database], Awaitable[T]]) -> T:
    async def with_database() -> T:
        database = Database(url)
        try:
            return await look(database)
        finally:
            await database.close()

    return asyncio.run(with_database())


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """What cannot be done is said on stderr, and the program ends with 1."""
    try:
        yield
    except (CommandError, SchemaMismatch) as error:
        raise SystemExit(f"opsroom: {error}") from None
    except DBAPIError as error:
        refusal = refusal_from(error)
        sentence = refusal.sentence if isinstance(refusal, Unavailable) else f"the database refused: {error.orig}"
        raise SystemExit(f"opsroom: {sentence}") from None
