"""The migration verbs of `opsroom db`."""

from alembic import command

from opsroom.migrations.schema import alembic_config


def migrate(url: str, revision: str = "head") -> None:
    command.upgrade(alembic_config(url), revision)


def rollback(url: str, step: int = 1) -> None:
    command.downgrade(alembic_config(url), f"-{step}")


def reset(url: str) -> None:
    """Down to nothing, up to the newest."""
    command.downgrade(alembic_config(url), "base")
    command.upgrade(alembic_config(url), "head")


def status(url: str) -> None:
    command.current(alembic_config(url), verbose=True)


def history(url: str) -> None:
    command.history(alembic_config(url), indicate_current=True)


def check(url: str) -> None:
    """Fails when the models say something else than the schema."""
    command.check(alembic_config(url))


def revision(url: str, message: str) -> None:
    command.revision(alembic_config(url), message, autogenerate=True)
