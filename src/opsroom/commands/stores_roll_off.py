"""`opsroom stores roll-off`: old polls to archives, with the work done in this process."""

import asyncio
import json
from typing import Annotated, Any

import typer

from opsroom.commands.working import only, watched, working
from opsroom.core.actor import Actor
from opsroom.core.errors import Refusal
from opsroom.core.jobs.models import Job
from opsroom.core.logs import configure_logs
from opsroom.main import House
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import load_settings
from opsroom.stores.roll_off.actions import request_roll_off
from opsroom.stores.roll_off.job import JOB, RollOff

command = typer.Typer()

ACTOR = Actor(name="command line")


@command.command("roll-off")
def roll_off(
    keep_days: Annotated[
        int | None,
        typer.Option(min=1, help="Days that stay in the table, back from the newest poll; none: as the setting says."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Move polls of whole months (UTC) that are older to archives. Every figure stays the same.

    Example: opsroom stores roll-off --keep-days 365
    """
    configure_logs(as_json=False, level="ERROR")
    try:
        outcome = asyncio.run(_roll_off(RollOff(keep_days=keep_days)))
    except (Refusal, SchemaMismatch, ValueError, OSError) as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None
    if outcome["result"] is None:
        typer.echo(f"opsroom: {outcome['error']}", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps(outcome["result"]))
        return
    moved = outcome["result"]
    typer.echo(f"{moved['polls']:,} polls moved to {moved['archives']:,} archives; {moved['keep_days']} days stay")


async def _roll_off(wanted: RollOff) -> dict[str, Any]:
    house = House(load_settings())
    try:
        await require_current(house.database)
        async with house.database.transaction() as session:
            job = await request_roll_off(session, house.queue, house.settings.model_dump(), wanted, ACTOR)
        async with working(house, only(house, JOB)):
            await watched(house, job.id)
        async with house.database.transaction() as session:
            done = await session.get_one(Job, job.id)
            return {"result": done.result, "error": done.error}
    finally:
        await house.database.close()
