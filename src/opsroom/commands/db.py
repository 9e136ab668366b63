"""`opsroom db`: what the make targets named db-… call."""

import asyncio
from typing import Annotated

import typer

from opsroom.core.db.attribution import operator
from opsroom.core.db.engine import Database
from opsroom.core.db.origin import acting
from opsroom.main import open_database
from opsroom.migrations import commands
from opsroom.seed import NewUser, seed_users
from opsroom.settings import Settings, load_settings

group = typer.Typer(no_args_is_help=True, help="Create, migrate and inspect the database.")
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


@group.command()
def migrate(revision: Annotated[str, typer.Argument(help="where to")] = "head") -> None:
    """Apply the migrations that are missing."""
    commands.migrate(_url(), revision)


@group.command()
def rollback(step: Annotated[int, typer.Option(min=1, help="how many")] = 1, yes: Yes = False) -> None:
    """Undo the latest migrations."""
    _confirm(f"Undo {step} migration(s)? Data of dropped tables and columns is lost.", yes=yes)
    commands.rollback(_url(), step)


@group.command()
def reset(yes: Yes = False) -> None:
    """Drop every table and create them anew."""
    _confirm("Drop every table and all data?", yes=yes)
    commands.reset(_url())


@group.command()
def status() -> None:
    """Show the revision the database is at."""
    commands.status(_url())


@group.command()
def history() -> None:
    """List the migrations."""
    commands.history(_url())


@group.command()
def check() -> None:
    """Compare the models with the schema."""
    commands.check(_url())


@group.command()
def create(name: Annotated[str, typer.Argument(help="what it does, in a few words")]) -> None:
    """Write a new migration from the difference between models and schema."""
    commands.revision(_url(), name)


@group.command()
def seed() -> None:
    """Create the users `admin` and `user` with generated passwords, printed once."""
    for created in asyncio.run(_seed(load_settings())):
        print(f"{created.username}: {created.password}")


async def _seed(settings: Settings) -> list[NewUser]:
    database: Database = open_database(settings)
    try:
        with acting(operator()):
            async with database.transaction() as session:
                return await seed_users(session)
    finally:
        await database.close()


def _url() -> str:
    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings.database


def _confirm(question: str, *, yes: bool) -> None:
    if load_settings().is_production:
        typer.echo("opsroom: refused, OPSROOM_ENVIRONMENT is production", err=True)
        raise typer.Exit(2)
    if not yes:
        typer.confirm(question, abort=True)
