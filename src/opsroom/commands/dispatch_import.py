"""`opsroom dispatch import`: files of orders, vehicles, customers or cities, as the API takes them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from opsroom.core.actor import Actor
from opsroom.core.errors import Refusal
from opsroom.core.logs import configure_logs
from opsroom.core.resources.transfer import BadRows, ImportAsked, import_file
from opsroom.core.tabular.report import ImportReport
from opsroom.core.tabular.writing import Kind
from opsroom.dispatch.resources import CITIES, CUSTOMERS, ORDERS, VEHICLES
from opsroom.main import House
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import load_settings

command = typer.Typer()

ACTOR = Actor(name="command line")
KINDS = {"orders": ORDERS, "vehicles": VEHICLES, "customers": CUSTOMERS, "cities": CITIES}
SHOWN = 20  # refused rows that are printed


@command.command("import")
def import_records(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or NDJSON, told by its ending.", exists=True, dir_okay=False)],
    records: Annotated[str, typer.Option(help=f"What it holds: {', '.join(KINDS)}.")] = "orders",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be refused, and write nothing.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Write the good rows though others are bad.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace records that are there already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Import a file of records: together, or not at all. Places are JSON: {"lat": -1.29, "lon": 36.82}."""
    if records not in KINDS:
        raise typer.BadParameter(f"{records} is not one of {', '.join(KINDS)}", param_hint="--records")
    kinds = {f".{kind.value}": kind for kind in Kind}
    if file.suffix.lower() not in kinds:
        raise typer.BadParameter(f"{file.name}: expected a file that ends with {', '.join(kinds)}")
    configure_logs(as_json=False, level="ERROR")
    asked = ImportAsked(dry_run=dry_run, bad_rows=BadRows.SKIP if skip_bad else BadRows.REFUSE, replace=replace)
    try:
        report = asyncio.run(_import(file, kinds[file.suffix.lower()], records, asked))
    except (Refusal, SchemaMismatch) as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(report.model_dump_json(indent=1) if as_json else "\n".join(_lines(report)))
    if report.refused and not skip_bad:
        raise typer.Exit(1)


async def _import(file: Path, kind: Kind, records: str, asked: ImportAsked) -> ImportReport:
    house = House(load_settings())
    try:
        await require_current(house.database)
        async with house.database.transaction() as session:
            return await import_file(session, KINDS[records], file, kind, asked, (ACTOR, None))
    finally:
        await house.database.close()


def _lines(report: ImportReport) -> Iterator[str]:
    for error in report.errors[:SHOWN]:
        yield f"row {error.row}, {error.field or 'the row'}: {error.message}"
    if len(report.errors) > SHOWN:
        yield f"and {len(report.errors) - SHOWN} more"
    done = f"{report.created} created, {report.replaced} replaced, {report.refused} refused of {report.rows} rows"
    yield done if report.applied else f"{done}; nothing was written"
