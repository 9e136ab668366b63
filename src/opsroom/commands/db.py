"""`opsroom db`: what the make targets named db-… call."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from opsroom.backup import run
from opsroom.backup.archive import Manifest, TableRows
from opsroom.core.db.attribution import operator
from opsroom.core.db.engine import Database
from opsroom.core.db.origin import acting
from opsroom.main import open_blobs, open_database
from opsroom.migrations import commands, databases
from opsroom.migrations.verify import NOTE
from opsroom.migrations.verify import verify as prove
from opsroom.seed import NewUser, seed_users
from opsroom.settings import Settings, data_folder, load_settings

group = typer.Typer(no_args_is_help=True, help="Create, migrate and inspect the database.")

EMBEDDED = "sqlite:///opsroom.db"
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
InProduction = Annotated[bool, typer.Option("--in-production", help="even where OPSROOM_ENVIRONMENT is production")]
AppName = Annotated[str | None, typer.Option("--app", help="only the history of this app from outside")]
Name = Annotated[str, typer.Argument(help="what it does, in a few words")]
Revision = Annotated[str, typer.Argument(help="a revision, its first digits, head, or base")]


@group.command()
def create(name: Name, app: AppName = None) -> None:
    """Write a new migration from the difference between models and schema."""
    commands.revision(_url(), name, app)


@group.command("create-empty")
def create_empty(name: Name, app: AppName = None) -> None:
    """Write a new migration without content, to be filled by hand."""
    commands.empty_revision(name, app)


@group.command("create-branch")
def create_branch(
    name: Name, parent: Annotated[str, typer.Option(help="the revision it follows")], app: AppName = None
) -> None:
    """Write a new migration after an older one, beside what follows that already."""
    commands.branch(name, parent, app)


@group.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="where to; another than head is one of a single history")] = "head",
    app: AppName = None,
) -> None:
    """Apply the migrations that are missing: ours, then those of each app from outside.

    Example: opsroom db migrate; opsroom db migrate --app assistants
    """
    commands.migrate(_url(), revision, app)


@group.command()
def rollback(
    step: Annotated[int, typer.Option(min=1, help="how many")] = 1,
    app: AppName = None,
    yes: Yes = False,
    in_production: InProduction = False,
) -> None:
    """Undo the latest migrations."""
    _confirm(f"Undo {step} migration(s)? Data of dropped tables and columns is lost.", yes, in_production)
    commands.rollback(_url(), step, app)


@group.command()
def reset(app: AppName = None, yes: Yes = False, in_production: InProduction = False) -> None:
    """Undo every migration, then apply them all."""
    _confirm("Drop every table and all data?", yes, in_production)
    commands.reset(_url(), app)


@group.command()
def status(app: AppName = None) -> None:
    """Show the revision the database is at."""
    commands.status(_url(), app)


@group.command()
def history(
    revisions: Annotated[str | None, typer.Option("--range", help="from:to, either may be missing")] = None,
    app: AppName = None,
) -> None:
    """List the migrations, the newest first.

    Example: opsroom db history --range 5e60411a21bc:head
    """
    commands.history(_url(), revisions, app)


@group.command()
def show(revision: Revision, app: AppName = None) -> None:
    """Show one migration: its file, what it follows, what it does."""
    commands.show(revision, app)


@group.command()
def heads(app: AppName = None) -> None:
    """Show the newest migration of each history; more than one of a history is a mistake."""
    commands.heads(app)


@group.command()
def branches(app: AppName = None) -> None:
    """Show migrations that more than one other follows."""
    commands.branches(app)


@group.command()
def stamp(revision: Revision, app: AppName = None) -> None:
    """Say that the database is at a revision, without migrating it."""
    commands.stamp(_url(), revision, app)


@group.command()
def sql(
    revision: Annotated[str, typer.Argument(help="where to, or from:to")] = "head",
    output: Annotated[Path | None, typer.Option(help="a file; else it is printed", dir_okay=False)] = None,
    app: AppName = None,
) -> None:
    """Write the SQL of an upgrade, for a database that this program may not change itself."""
    commands.script(_url(), revision, output, app)


@group.command()
def check(app: AppName = None) -> None:
    """Is the database reachable and current, and has it the schema and the triggers it should have?"""
    commands.check(_url(), app)


@group.command()
def verify(
    last: Annotated[int | None, typer.Option(min=1, help="only so many of the newest migrations; else all")] = None,
    app: AppName = None,
) -> None:
    """Prove on scratch databases that every migration goes down and up, keeps rows, and locks nobody out.

    On SQLite always, on PostgreSQL where that is the configured database. Needs pip install 'opsroom[verify]'.
    """
    url = _url()
    findings = [*prove([url] if url.startswith("sqlite") else [EMBEDDED, url], last, app)]
    for finding in findings:
        print(finding)
    if not all(finding.startswith(NOTE) for finding in findings):
        raise typer.Exit(1)
    print("every migration holds")


@group.command("create-database")
def create_database() -> None:
    """Make the database itself, empty, where the settings say."""
    _create_database()


@group.command()
def init() -> None:
    """Make the database if it is missing, and migrate it."""
    _init()


@group.command()
def setup() -> None:
    """Make and migrate the database, and create the first users."""
    _init()
    _seed()


@group.command("setup-reset")
def setup_reset(yes: Yes = False, in_production: InProduction = False) -> None:
    """Drop everything, then set up anew: for a database that no rollback mends."""
    _confirm("Drop every table and all data?", yes, in_production)
    _create_database()
    _reset_tables()
    _init()
    _seed()


@group.command("reset-tables")
def reset_tables(yes: Yes = False, in_production: InProduction = False) -> None:
    """Drop every table, and what is known of migrations."""
    _confirm("Drop every table and all data?", yes, in_production)
    _reset_tables()


@group.command()
def seed() -> None:
    """Create the users `admin` and `user` with generated passwords, printed once."""
    _seed()


@group.command()
def backup(
    file: Annotated[Path, typer.Argument(help="a new file", dir_okay=False)],
    without_files: Annotated[bool, typer.Option("--without-files", help="only the names of stored files")] = False,
) -> None:
    """Save one state of the database and the files it names, while people work.

    The secret key is not in it: keep that elsewhere.
    """
    settings = load_settings()
    saved = asyncio.run(run.backup(_url(), open_blobs(settings), file, with_files=not without_files))
    for sha256 in saved.missing:
        print(f"missing in the store of files: {sha256}")
    print(f"saved: {_inventory(saved)}")


@group.command()
def restore(file: Annotated[Path, typer.Argument(help="what `opsroom db backup` wrote", dir_okay=False)]) -> None:
    """Have everything of a backup again, in a database without tables, and compare it with what was saved.

    What is there already is never overwritten.
    """
    settings = load_settings()
    restored = run.restore(_url(), open_blobs(settings), file, print)
    print(f"restored and verified: {_inventory(restored)}")
    print("`opsroom db check` tells whether it is current; `opsroom db migrate` makes it so")


def _inventory(manifest: Manifest) -> str:
    rows = sum(table.rows for table in manifest.tables.values())
    entries = manifest.tables.get("audit_entries", TableRows(0)).rows
    files = f"{len(manifest.files)} files" if manifest.has_files else f"the names of {len(manifest.files)} files"
    return f"{len(manifest.tables)} tables, {rows} rows ({entries} of the trail), {files}, as of {manifest.made_at}"


def _create_database() -> None:
    settings = load_settings()
    made = asyncio.run(databases.create_database(_url(), settings.database_wait))
    print("the database is made" if made else "the database is there already")


def _init() -> None:
    _create_database()
    commands.migrate(_url())


def _reset_tables() -> None:
    count = asyncio.run(databases.drop_everything(_url(), load_settings().database_wait))
    print(f"{count} objects dropped")


def _seed() -> None:
    created = asyncio.run(_seed_users(load_settings()))
    for user in created:
        print(f"{user.username}: {user.password}")
    if not created:
        print("the users admin and user are there already")


async def _seed_users(settings: Settings) -> list[NewUser]:
    database: Database = open_database(settings)
    try:
        with acting(operator()):
            async with database.transaction() as session:
                return await seed_users(session)
    finally:
        await database.close()


def _url() -> str:
    settings = load_settings()
    data_folder(settings)
    return settings.database


def _confirm(question: str, yes: bool, in_production: bool) -> None:
    if load_settings().is_production and not in_production:
        typer.echo("opsroom: refused, OPSROOM_ENVIRONMENT is production; --in-production if you mean it", err=True)
        raise typer.Exit(2)
    if not yes:
        typer.confirm(question, abort=True)
