"""`opsroom stores`: commands on the uptime of sites."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from opsroom.core.command_groups import group_with
from opsroom.core.tabular.frames import neutralised
from opsroom.stores.atomic_output import written_whole
from opsroom.stores.bare_report import KINDS, Request, as_csv, as_json, bare_report, summary_lines
from opsroom.stores.files import RefusedFileError, parse_instants
from opsroom.stores.uptime import CLASSIC, DEFAULT_ZONE, STRICT

# Commands that need the database; importing it would slow down those that do not.
LATER = {
    "import": "opsroom.commands.stores_import:command",
    "roll-off": "opsroom.commands.stores_roll_off:command",
    "uptime": "opsroom.commands.stores_windows:uptime",
    "incidents": "opsroom.commands.stores_windows:incidents",
}


group = typer.Typer(name="stores", help="Uptime and downtime of sites.", no_args_is_help=True, cls=group_with(LATER))

END_OF_TIME = 1 << 62


class Profile(StrEnum):
    STRICT = "strict"
    CLASSIC = "classic"


EVIDENCE = {Profile.STRICT: STRICT, Profile.CLASSIC: CLASSIC}


@group.callback()
def stores() -> None:
    """Uptime and downtime of sites."""


@group.command()
def report(
    status: Annotated[Path, typer.Option(help="Observations: store_id, timestamp_utc, status.")],
    hours: Annotated[
        Path | None,
        typer.Option(help="Business hours: store_id, day_of_week, start_time_local, end_time_local; none: 24 x 7."),
    ] = None,
    zones: Annotated[
        Path | None, typer.Option(help="Time zones: store_id, timezone_str; none: the default zone for all.")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="The file to write; - is standard output.")] = "-",
    profile: Annotated[
        Profile, typer.Option(help="strict: unobserved time is unknown; classic: states hold until the next poll.")
    ] = Profile.STRICT,
    as_of: Annotated[
        str | None, typer.Option(help="Report as of this time, such as 2023-01-25T18:00:00Z, not the last observation.")
    ] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Add three columns of unknown time.")] = False,
    observed_only: Annotated[bool, typer.Option("--observed-only", help="Leave out stores never observed.")] = False,
    default_zone: Annotated[str, typer.Option(help="Zone of stores without a known one.")] = DEFAULT_ZONE,
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=COLUMN for an unusual name, for one file as in hours.store_id=shop; repeatable."),
    ] = None,
    max_rejected: Annotated[
        float | None, typer.Option(min=0, max=100, help="Fail if more than so many per cent of a file are rejected.")
    ] = None,
    rejects: Annotated[str | None, typer.Option(help="Write rejected rows, with reasons, to this CSV.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON instead of CSV.")] = False,
) -> None:
    """Uptime and downtime over the last hour (minutes), day and week (hours) from bare files, without a database."""
    try:
        with _reject_writer(rejects) as on_rejects:
            request = Request(
                status=status,
                hours=hours,
                zones=zones,
                clock=time.time_ns() // 1_000,
                profile=EVIDENCE[profile],
                as_of=None if as_of is None else _instant(as_of),
                default_zone=default_zone,
                unknown=unknown,
                observed_only=observed_only,
                max_rejected=max_rejected,
                mappings=mappings_of(mapping or []),
                on_rejects=on_rejects,
            )
            made = bare_report(request)
        with written_whole(output) as stream:
            stream.write(as_json(made) if json else as_csv(made))
    except (RefusedFileError, ValueError, OSError) as error:
        print(f"opsroom: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    print("\n".join(summary_lines(made)), file=sys.stderr)


def _instant(text: str) -> int:
    instants, reasons = parse_instants(pl.Series([text]), END_OF_TIME)
    if reasons[0]:
        raise ValueError(f"--as-of {text!r} is no time since the year 2000; write it like 2023-01-25T18:00:00Z.")
    return int(instants[0])


def mappings_of(given: list[str]) -> dict[str, dict[str, str]]:
    """FIELD=COLUMN for the files that have the field, KIND.FIELD=COLUMN for one of them."""
    mappings: dict[str, dict[str, str]] = {kind.name: {} for kind in KINDS}
    for text in given:
        left, equals, column = text.partition("=")
        only, _, field = left.strip().rpartition(".")
        kinds = [kind for kind in KINDS if field in kind.fields and only in {"", kind.name}]
        if not equals or not kinds:
            known = ", ".join(dict.fromkeys(field for kind in KINDS for field in kind.fields))
            raise ValueError(
                f"--mapping {text!r} is not understood; write FIELD=COLUMN or KIND.FIELD=COLUMN with a field of "
                f"{known} and a kind of {', '.join(kind.name for kind in KINDS)}."
            )
        for kind in kinds:
            mappings[kind.name][field] = column.strip()
    return mappings


@contextmanager
def _reject_writer(target: str | None) -> Iterator[Callable[[str, pl.DataFrame], None] | None]:
    if target is None:
        yield None
        return
    with written_whole(target) as stream:
        stream.write(b"file,line,reason,raw\n")

        def write(kind: str, rows: pl.DataFrame) -> None:
            told = rows.select(pl.lit(kind).alias("file"), "line", "reason", "raw")
            neutralised(told).write_csv(stream, include_header=False)

        yield write
