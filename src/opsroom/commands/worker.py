"""`opsroom worker`."""

import asyncio
import signal
from datetime import timedelta
from typing import Annotated

import typer

from opsroom.core.clock import now
from opsroom.core.jobs.queries import heartbeat_of_host
from opsroom.core.jobs.runtime import HOST
from opsroom.core.logs import configure_logs
from opsroom.main import open_database, run_worker
from opsroom.settings import Settings, load_settings

command = typer.Typer()
SILENCE = 2  # leases; a worker that is well shows life three times in each


@command.command()
def worker(
    check: Annotated[bool, typer.Option("--check", help="only tell whether one of this host is alive")] = False,
) -> None:
    """Run background jobs until interrupted; any number of these may run on any machines.

    Example: OPSROOM_DATABASE_URL=postgresql://… opsroom worker
    """
    settings = load_settings()
    configure_logs(as_json=settings.is_production, level=settings.log_level)
    if check:
        asyncio.run(_check(settings))
    else:
        asyncio.run(_until_signal(settings))


async def _check(settings: Settings) -> None:
    """Exits with 1 when no worker of this host, which may be a container's, has shown life lately."""
    database = open_database(settings)
    try:
        async with database.reading() as connection:
            seen = await heartbeat_of_host(connection, HOST)
    finally:
        await database.close()
    if seen is None or now() - seen > timedelta(seconds=settings.job_lease_seconds * SILENCE):
        typer.echo(f"opsroom: no sign of life of a worker on {HOST} since {seen or 'ever'}", err=True)
        raise typer.Exit(1)
    typer.echo(f"a worker on {HOST} gave a sign of life at {seen:%H:%M:%S} UTC")


async def _until_signal(settings: Settings) -> None:
    task = asyncio.create_task(run_worker(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
