"""The migration verbs of `opsroom db`."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.util import CommandError

from opsroom.migrations.schema import alembic_config


def migrate(url: str, revision: str = "head") -> None:
    with _in_a_sentence():
        command.upgrade(alembic_config(url), revision)


def rollback(url: str, step: int = 1) -> None:
    with _in_a_sentence():
        command.downgrade(alembic_config(url), f"-{step}")


def reset(url: str) -> None:
    """Down to nothing, up to the newest."""
    with _in_a_sentence():
        command.downgrade(alembic_config(url), "base")
        command.upgrade(alembic_config(url), "head")


def status(url: str) -> None:
    with _in_a_sentence():
        command.current(alembic_config(url), verbose=True)


def history(url: str) -> None:
    with _in_a_sentence():
        command.history(alembic_config(url), indicate_current=True)


def check(url: str) -> None:
    """Fails when the models say something else than the schema."""
    with _in_a_sentence():
        command.check(alembic_config(url))


def revision(url: str, message: str) -> None:
    with _in_a_sentence():
        command.revision(alembic_config(url), message, autogenerate=True)


def script(url: str, revisions: str = "head") -> None:
    """Print the SQL of an upgrade, for a database that this program may not change; `a:b` for a part of it."""
    with _in_a_sentence():
        command.upgrade(alembic_config(url), revisions, sql=True)


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """What cannot be done is said on stderr, and the program ends with 1."""
    try:
        yield
    except CommandError as error:
        raise SystemExit(f"opsroom: {error}") from None
