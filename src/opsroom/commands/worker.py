"""`opsroom worker`."""

import asyncio
import signal

import typer

from opsroom.core.logs import configure_logs
from opsroom.main import run_worker
from opsroom.settings import Settings, load_settings

command = typer.Typer()


@command.command()
def worker() -> None:
    """Run background jobs until interrupted; any number of these may run on any machines.

    Example: OPSROOM_DATABASE_URL=postgresql://… opsroom worker
    """
    settings = load_settings()
    configure_logs(as_json=settings.is_production, level=settings.log_level)
    asyncio.run(_until_signal(settings))


async def _until_signal(settings: Settings) -> None:
    task = asyncio.create_task(run_worker(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
