"""`opsroom stores import`: files into the database, with the work done in this process."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import select

from opsroom.commands.working import only, watched, working
from opsroom.core.actor import Actor
from opsroom.core.jobs.models import UNFINISHED, Job, JobStatus
from opsroom.core.logs import configure_logs
from opsroom.core.reports.run import JOB as REPORT_JOB
from opsroom.main import House
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import load_settings
from opsroom.stores.actions import HandedIn, request_import
from opsroom.stores.cli import mappings_of
from opsroom.stores.files import RefusedFileError
from opsroom.stores.imports import JOB as IMPORT_JOB
from opsroom.stores.models import FileKind, ObservationImport
from opsroom.stores.recognising import recognised, refuse_unreadable

command = typer.Typer()

ACTOR = Actor(name="command line")
LOOK_EVERY = 0.1  # seconds
ORDER = (FileKind.ZONES, FileKind.HOURS, FileKind.STATUS)


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line asks for."""

    files: dict[FileKind, Path]
    mappings: Mapping[str, Mapping[str, str]]
    report: bool
    wait: bool


@command.command("import")
def import_files(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder with up to three files, told by name or columns.")
    ] = None,
    status: Annotated[Path | None, typer.Option(help="Observations: store_id, timestamp_utc, status.")] = None,
    hours: Annotated[Path | None, typer.Option(help="Business hours: they replace those of the stores named.")] = None,
    zones: Annotated[Path | None, typer.Option(help="Time zones: store_id, timezone_str.")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option(help="FIELD=COLUMN for an unusual name, or hours.store_id=shop; repeatable.")
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Make an uptime report afterwards.")] = False,
    wait: Annotated[bool, typer.Option(help="Do the work now, or leave it to a server or worker.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Import files into the database: together, once, or not at all. The same rows again add nothing.

    Example: opsroom stores import ./export --report
    """
    configure_logs(as_json=False, level="ERROR")
    try:
        named = {FileKind.STATUS: status, FileKind.HOURS: hours, FileKind.ZONES: zones}
        given = Given(_files(folder, named), mappings_of(mapping or []), report, wait)
        for kind, path in given.files.items():
            refuse_unreadable(path, kind, given.mappings[kind], time.time_ns() // 1_000)
        outcome = asyncio.run(_import(given))
    except (RefusedFileError, SchemaMismatch, ValueError, OSError) as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(outcome, indent=1, default=str) if as_json else "\n".join(_lines(outcome)))
    if outcome["status"] in {JobStatus.FAILED, JobStatus.CANCELLED}:
        typer.echo(f"opsroom: {outcome['error']}", err=True)
        raise typer.Exit(1)


def _files(folder: Path | None, named: Mapping[FileKind, Path | None]) -> dict[FileKind, Path]:
    given = {kind: path for kind, path in named.items() if path is not None}
    if folder is not None and not folder.is_dir():
        raise ValueError(f"{folder} is no folder; name single files with --status, --hours and --zones.")
    files = (recognised(folder) if folder is not None else {}) | given
    if not files:
        raise ValueError("Nothing to import: name a folder, or files with --status, --hours and --zones.")
    return files


async def _import(given: Given) -> dict[str, Any]:
    house = House(load_settings())
    try:
        await require_current(house.database)
        files = [
            HandedIn(kind, path.name, await house.blobs.keep_file(path), dict(given.mappings[kind]))
            for kind in ORDER
            if (path := given.files.get(kind)) is not None
        ]
        queue = only(house, IMPORT_JOB, REPORT_JOB)
        async with house.database.transaction() as session:
            _, job = await request_import(session, queue, files, ACTOR, report=given.report)
        if given.wait:
            async with working(house, queue):
                result = await watched(house, job.id)
                if result and result.get("report_id"):
                    await watched(house, await _report_job(house, result["report_id"]))
        return await _outcome(house, job.id)
    finally:
        await house.database.close()


async def _report_job(house: House, report_id: str) -> UUID:
    async with house.database.reading() as connection:
        query = select(Job.id).where(Job.payload["report_id"].as_string() == report_id)
        return (await connection.scalars(query)).one()


async def _outcome(house: House, job_id: UUID) -> dict[str, Any]:
    fields = ("id", "kind", "file_name", "status", "rows_read", "rows_accepted", "rows_added", "rejected", "columns")
    async with house.database.transaction() as session:
        job = await session.get_one(Job, job_id)
        rows = (await session.scalars(select(ObservationImport).where(ObservationImport.job_id == job_id))).all()
    result = job.result or {}
    return {
        "job_id": job.id,
        "status": job.status,
        "error": job.error,
        "report_id": result.get("report_id"),
        "imported_before": result.get("imported_before", []),
        "imports": [{name: getattr(row, name) for name in fields} for row in rows],
    }


def _lines(outcome: dict[str, Any]) -> list[str]:
    if outcome["status"] in UNFINISHED:
        return [f"job {outcome['job_id']} is {outcome['status']}; a server or worker will do it"]
    lines = []
    for row in outcome["imports"]:
        if row["status"] != "complete":
            continue
        if row["file_name"] in outcome["imported_before"]:
            lines.append(f"{row['file_name']}: imported before, nothing to add")
            continue
        lines.append(
            f"{row['file_name']}: {row['rows_read']:,} rows read, {row['rows_accepted']:,} accepted, "
            f"{row['rows_added']:,} added"
        )
        lines += [f"  rejected {count:,}: {reason}" for reason, count in sorted(row["rejected"].items())]
    if outcome["report_id"]:
        lines.append(f"report {outcome['report_id']}")
    return lines
