"""`opsroom APP import`: files of an app's records, as the API takes them."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.db.origin import Origin, acting
from opsroom.core.errors import Refusal
from opsroom.core.logs import configure_logs
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.trail import IMPORTED
from opsroom.core.resources.transfer import BadRows, ImportAsked, import_file
from opsroom.core.tabular.report import ImportReport
from opsroom.core.tabular.writing import Kind
from opsroom.main import House
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import load_settings

ACTOR = Actor(name="command line")
SHOWN = 20  # refused rows that are printed


def import_command(kinds: Mapping[str, Resource], usual: str, about: str = "") -> typer.Typer:
    """The command, for records of these kinds. about: what else a user should know of the files"""
    command = typer.Typer()

    @command.command("import", help=f"Import a file of records: together, or not at all. {about}".strip())
    def import_records(
        file: Annotated[
            Path, typer.Argument(help="CSV, XLSX or NDJSON, told by its ending.", exists=True, dir_okay=False)
        ],
        records: Annotated[str, typer.Option(help=f"What it holds: {', '.join(kinds)}.")] = usual,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Say what would be refused, and write nothing.")
        ] = False,
        skip_bad: Annotated[
            bool, typer.Option("--skip-bad", help="Write the good rows though others are bad.")
        ] = False,
        replace: Annotated[bool, typer.Option("--replace", help="Replace records that are there already.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    ) -> None:
        if records not in kinds:
            raise typer.BadParameter(f"{records} is not one of {', '.join(kinds)}", param_hint="--records")
        asked = ImportAsked(dry_run=dry_run, bad_rows=BadRows.SKIP if skip_bad else BadRows.REFUSE, replace=replace)
        configure_logs(as_json=False, level="ERROR")
        try:
            report = asyncio.run(_import(file, _kind_of(file), kinds[records], asked))
        except (Refusal, SchemaMismatch) as error:
            typer.echo(f"opsroom: {error}", err=True)
            raise typer.Exit(2) from None
        typer.echo(report.model_dump_json(indent=1) if as_json else "\n".join(_lines(report)))
        if report.refused and not skip_bad:
            raise typer.Exit(1)

    return command


def _kind_of(file: Path) -> Kind:
    kinds = {f".{kind.value}": kind for kind in Kind}
    if file.suffix.lower() not in kinds:
        raise typer.BadParameter(f"{file.name}: expected a file that ends with {', '.join(kinds)}")
    return kinds[file.suffix.lower()]


async def _import(file: Path, kind: Kind, resource: Resource, asked: ImportAsked) -> ImportReport:
    house = House(load_settings())
    try:
        await require_current(house.database)
        with acting(Origin(ACTOR.name)):
            async with house.database.transaction() as session:
                report = await import_file(session, resource, file, kind, asked, (ACTOR, None))
                if report.applied or asked.dry_run:
                    counts = report.model_dump(exclude={"errors"})
                    await record(session, IMPORTED, None, list=resource.several, **counts)
                return report
    finally:
        await house.database.close()


def _lines(report: ImportReport) -> Iterator[str]:
    for error in report.errors[:SHOWN]:
        yield f"row {error.row}, {error.field or 'the row'}: {error.message}"
    if len(report.errors) > SHOWN:
        yield f"and {len(report.errors) - SHOWN} more"
    done = f"{report.created} created, {report.replaced} replaced, {report.refused} refused of {report.rows} rows"
    yield done if report.applied else f"{done}; nothing was written"
