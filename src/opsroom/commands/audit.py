"""`opsroom audit`: sealing, verifying and taking away the trail."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.apps import installed_apps
from opsroom.core.app import resolve
from opsroom.core.audit.reconciliation import Difference
from opsroom.core.audit.reconciliation import reconcile as compare
from opsroom.core.audit.sealed.exporting import as_file, consistency_of, newest_checkpoint, write_export
from opsroom.core.audit.sealed.one_proof import proof_of
from opsroom.core.audit.sealed.sealing import seal as seal_trail
from opsroom.core.audit.sealed.verification import verify as compare_with_tree
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.errors import Refusal
from opsroom.main import audit_signers, open_database
from opsroom.settings import Settings, load_settings

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="for machines")]

group = typer.Typer(no_args_is_help=True, help="The audit trail: seal, verify, prove, export, reconcile.")


@group.command()
def seal() -> None:
    """Seal what is not sealed yet and sign a checkpoint; a job does it every ten minutes.

    Example: opsroom audit seal
    """
    done = _run(lambda database, settings: seal_trail(database, audit_signers(settings)))
    typer.echo(f"{done.added} entries sealed, {done.size} in all")


@group.command()
def key() -> None:
    """Print the verifier key, to be given to whoever verifies. While keys change there are two."""
    for signer in audit_signers(load_settings()):
        typer.echo(signer.verifier_key)


@group.command()
def checkpoint() -> None:
    """Print the latest checkpoint, to be kept where this database cannot reach it.

    Example: opsroom audit checkpoint > checkpoint-2026-11-20
    """
    typer.echo(_read(newest_checkpoint).note, nl=False)


@group.command()
def verify(
    kept: Annotated[list[Path] | None, typer.Option("--checkpoint", help="one that was kept elsewhere")] = None,
    as_json: AsJson = False,
) -> None:
    """Hash every entry anew and compare it with what was sealed. Exit code 1 when something differs.

    Example: opsroom audit verify --checkpoint checkpoint-2026-11-20
    """
    notes = [path.read_text(encoding="utf-8") for path in kept or ()]
    trusted = [signer.verifier_key for signer in audit_signers(load_settings())]
    verdict = _read(lambda connection: compare_with_tree(connection, trusted, notes))
    counts = f"{verdict.size} sealed, {verdict.checkpoints} checkpoints, {verdict.unsealed} waiting to be sealed"
    _tell(as_json, asdict(verdict), [*verdict.findings, f"{counts}: {len(verdict.findings)} findings"])
    raise typer.Exit(1 if verdict.findings else 0)


@group.command()
def reconcile(as_json: AsJson = False) -> None:
    """Replay the trail and compare where it leads with the tables. Exit code 1 when something differs.

    Example: opsroom audit reconcile --json
    """
    differences: list[Difference] = _run(lambda database, _settings: compare(database, _metadata()))
    lines = [f"{each.table_name} {each.record_id}: {each.sentence}" for each in differences]
    _tell(as_json, [asdict(each) for each in differences], [*lines, f"{len(lines)} differences"])
    raise typer.Exit(1 if differences else 0)


@group.command()
def prove(
    entry: Annotated[int | None, typer.Argument(help="id of an entry of the trail")] = None,
    since: Annotated[
        int | None, typer.Option(help="size of an earlier tree, to prove that nothing of it changed")
    ] = None,
) -> None:
    """Print what proves one entry, or that the trail only grew; `verify_trail.py` of an export verifies the first.

    Example: opsroom audit prove 4711 > proof.json
    """
    if (entry is None) == (since is None):
        raise typer.BadParameter("give an entry, or --since with the size of an earlier tree")
    if entry is not None:
        typer.echo(as_file(_run(lambda database, _settings: proof_of(database, entry))), nl=False)
    elif since is not None:
        typer.echo(as_file(_read(lambda connection: consistency_of(connection, since))), nl=False)


@group.command()
def export(folder: Annotated[Path, typer.Argument(help="a folder that does not exist yet")]) -> None:
    """Write the sealed trail with its hashes, checkpoint and keys, and the script that verifies it anywhere.

    Example: opsroom audit export trail-2026-11; python trail-2026-11/verify_trail.py trail-2026-11
    """
    size = _read(lambda connection: write_export(connection, folder))
    typer.echo(f"{size} entries written to {folder}")


def _metadata() -> MetaData:
    """Of the tables of all apps: they are known once their models are imported."""
    for app in installed_apps():
        if app.models:
            resolve(app.models)
    return Base.metadata


def _read(work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async def reading(database: Database, _settings: Settings) -> T:
        async with database.reading() as connection:
            return await work(connection)

    return _run(reading)


def _run(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    async def run() -> T:
        settings = load_settings()
        database = open_database(settings)
        try:
            return await work(database, settings)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except Refusal as refusal:
        typer.echo(f"opsroom: {refusal.sentence}", err=True)
        raise typer.Exit(2) from None
    except FileExistsError as error:
        typer.echo(f"opsroom: {error.filename} exists; name a folder that does not", err=True)
        raise typer.Exit(2) from None


def _tell(as_json: bool, document: object, lines: list[str]) -> None:
    typer.echo(json.dumps(document) if as_json else "\n".join(lines))
