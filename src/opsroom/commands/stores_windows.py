"""`opsroom stores uptime` and `opsroom stores incidents`: any window, of the database or of bare files."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import polars as pl
import typer
from pydantic import BaseModel

from opsroom.core.errors import Refusal
from opsroom.core.tabular.frames import neutralised
from opsroom.main import open_blobs, open_database
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import load_settings
from opsroom.stores.account_tables import availability_table, incident_table
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import AskedWindow, Period, instant
from opsroom.stores.atomic_output import written_whole
from opsroom.stores.bare_snapshot import BareFiles, latest_in, looked_at, read_bare_files
from opsroom.stores.cli import mappings_of
from opsroom.stores.files import RefusedFileError
from opsroom.stores.fleet import FleetAccount, account, fleet_account
from opsroom.stores.fleet_schemas import (
    FleetAvailability,
    FleetIncidents,
    TotalsRead,
    incidents_of,
    stores_of,
    window_of,
)
from opsroom.stores.options import options_from
from opsroom.stores.selection import Selection
from opsroom.stores.uptime import DEFAULT_ZONE, STRICT, known_zone

uptime = typer.Typer()
incidents = typer.Typer()

ALL = 1 << 31

From = Annotated[str | None, typer.Option("--from", help="Start, as 2026-10-01T00:00:00Z; with --to.")]
To = Annotated[str | None, typer.Option("--to", help="End, not included.")]
Trailing = Annotated[str | None, typer.Option("--window", help="Before the latest poll: last_24h, last_7d, last_4w.")]
Named = Annotated[str | None, typer.Option("--period", help="A calendar day, week or month; with --of.")]
Of = Annotated[str | None, typer.Option(help="Which one: 2026-10-25, 2026-W43 or 2026-10.")]
Zone = Annotated[str | None, typer.Option(help="Whose calendar; none takes the default zone.")]
AsOf = Annotated[str | None, typer.Option(help="Look at polls up to here only.")]
Store = Annotated[str | None, typer.Option(help="One store.")]
InGroup = Annotated[str | None, typer.Option("--group", help="Stores of this group (database only).")]
Tag = Annotated[list[str] | None, typer.Option(help="Stores with this tag, name:value; repeatable (database only).")]
Status = Annotated[Path | None, typer.Option(help="Bare files instead of the database: observations.")]
Hours = Annotated[Path | None, typer.Option(help="Bare files: business hours.")]
Zones = Annotated[Path | None, typer.Option(help="Bare files: time zones.")]
Maintenance = Annotated[Path | None, typer.Option(help="Bare files: a JSON list of maintenance windows.")]
Mapping = Annotated[list[str] | None, typer.Option(help="Bare files: FIELD=COLUMN for an unusual name; repeatable.")]
DefaultZone = Annotated[str | None, typer.Option(help="Zone of stores without a known one.")]
Output = Annotated[str, typer.Option("--output", "-o", help="The file to write; - is standard output.")]
Json = Annotated[bool, typer.Option("--json", help="Exact figures as the API gives them, not a CSV of hours.")]


@uptime.command("uptime")
def show_uptime(
    start: From = None,
    end: To = None,
    window: Trailing = None,
    period: Named = None,
    of: Of = None,
    zone: Zone = None,
    as_of: AsOf = None,
    store: Store = None,
    group: InGroup = None,
    tag: Tag = None,
    status: Status = None,
    hours: Hours = None,
    zones: Zones = None,
    maintenance: Maintenance = None,
    mapping: Mapping = None,
    default_zone: DefaultZone = None,
    output: Output = "-",
    json: Json = False,
) -> None:
    """Up, down and unknown time of every store in any window.

    Example: opsroom stores uptime --period month --of 2026-10 --zone Europe/Rome --group north
    """
    files = _Files(status, hours, zones, maintenance, mapping or [])
    asked = _Question(start, end, window, period, of, zone, as_of, store, group, tag or [], default_zone)
    _answer(asked, files, output, availability_table, _availability if json else None)


@incidents.command("incidents")
def show_incidents(
    start: From = None,
    end: To = None,
    window: Trailing = None,
    period: Named = None,
    of: Of = None,
    zone: Zone = None,
    as_of: AsOf = None,
    store: Store = None,
    group: InGroup = None,
    tag: Tag = None,
    status: Status = None,
    hours: Hours = None,
    zones: Zones = None,
    maintenance: Maintenance = None,
    mapping: Mapping = None,
    default_zone: DefaultZone = None,
    output: Output = "-",
    json: Json = False,
) -> None:
    """Which stores were down, when and for how long, in any window.

    Example: opsroom stores incidents --window last_24h --json
    """
    files = _Files(status, hours, zones, maintenance, mapping or [])
    asked = _Question(start, end, window, period, of, zone, as_of, store, group, tag or [], default_zone)
    _answer(asked, files, output, incident_table, _incidents if json else None)


@dataclass(frozen=True, slots=True)
class _Files:
    status: Path | None
    hours: Path | None
    zones: Path | None
    maintenance: Path | None
    mapping: list[str]


@dataclass(frozen=True, slots=True)
class _Question:
    start: str | None
    end: str | None
    window: str | None
    period: str | None
    of: str | None
    zone: str | None
    as_of: str | None
    store: str | None
    group: str | None
    tag: list[str]
    default_zone: str | None

    def asked(self) -> AskedWindow:
        period: Period | None = next((each for each in get_args(Period) if each == self.period), None)
        if self.period is not None and period is None:
            raise ValueError(f"--period {self.period!r} is not day, week or month.")
        times = (_instant("--from", self.start), _instant("--to", self.end))
        as_of = _instant("--as-of", self.as_of)
        return AskedWindow(*times, self.window, period, self.of, self.zone, as_of)

    def selection(self) -> Selection:
        return Selection(self.store, self.group, tuple(self.tag))


def _answer(
    question: _Question,
    files: _Files,
    output: str,
    table: Callable[[FleetAccount], pl.DataFrame],
    document: Callable[[FleetAccount], BaseModel] | None,
) -> None:
    try:
        found = asyncio.run(_from_database(question)) if files.status is None else _from_files(question, files)
        if document is None:
            content = neutralised(table(found)).write_csv(float_precision=2).encode()
        else:
            content = document(found).model_dump_json(indent=1).encode() + b"\n"
        with written_whole(output) as stream:
            stream.write(content)
    except (Refusal, RefusedFileError, SchemaMismatch, ValueError, OSError) as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None
    totals, window = found.totals, found.window
    share = "unknown" if totals.availability is None else f"{totals.availability:.4%}"
    span = f"{instant(window.start):%Y-%m-%d %H:%M} to {instant(window.end):%Y-%m-%d %H:%M} UTC"
    typer.echo(
        f"{totals.stores:,} stores, {span}: "
        f"availability {share}, {totals.incidents:,} incidents, {totals.ongoing:,} still open",
        err=True,
    )


async def _from_database(question: _Question) -> FleetAccount:
    settings = load_settings()
    database = open_database(settings)
    try:
        await require_current(database)
        given = {} if question.default_zone is None else {"default_zone": question.default_zone}
        options = options_from(settings.model_dump() | given)
        return await fleet_account(
            History(database, open_blobs(settings)), options, question.asked(), question.selection()
        )
    finally:
        await database.close()


def _from_files(question: _Question, files: _Files) -> FleetAccount:
    assert files.status is not None  # noqa: S101  this is what makes it bare files
    if question.group is not None or question.tag:
        raise ValueError("Stores of bare files have no groups and no tags.")
    zone = question.default_zone or DEFAULT_ZONE
    if known_zone(zone) is None:
        raise ValueError(f"--default-zone {zone!r} is no IANA time zone.")
    bare = BareFiles(
        status=files.status,
        clock=time.time_ns() // 1_000,
        hours=files.hours,
        zones=files.zones,
        maintenance=files.maintenance,
        mappings=mappings_of(files.mapping),
    )
    everything = read_bare_files(bare)
    asked = question.asked()
    window = asked.resolved(latest_in(everything), zone)
    found = account(looked_at(everything, window, asked.seen_to), window, STRICT, zone)
    return found if question.store is None else found.of_store(question.store)


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{option} {text!r} is no time; write it like 2026-10-01T00:00:00Z.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _availability(found: FleetAccount) -> BaseModel:
    return FleetAvailability(window=window_of(found), totals=TotalsRead.of(found.totals), stores=stores_of(found))


def _incidents(found: FleetAccount) -> BaseModel:
    totals: Any = TotalsRead.of(found.totals)
    return FleetIncidents(window=window_of(found), totals=totals, incidents=incidents_of(found, ALL))
