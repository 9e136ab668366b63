"""`opsroom serve`."""

import asyncio
import gc
import socket
from typing import Annotated, Any

import typer
import uvicorn
from fastapi import FastAPI

from opsroom.core.logs import configure_logs
from opsroom.main import create_app, open_database
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import Settings, load_settings

command = typer.Typer()
GRACE_SECONDS = 5


@command.command()
def serve(
    workers: Annotated[int, typer.Option(min=1, help="processes that answer requests (PostgreSQL)")] = 1,
) -> None:
    """Serve the API and the console, and run jobs unless OPSROOM_SERVE_JOBS is false.

    Example: OPSROOM_PORT=9000 opsroom serve
    """
    settings = load_settings()
    run_server(settings, workers)


def run_server(settings: Settings, workers: int = 1) -> None:
    """Serve until interrupted. Exits with 2 and a sentence when the schema does not fit or the port is taken."""
    require_port(settings)
    configure_logs(as_json=settings.is_production, level=settings.log_level)
    try:
        asyncio.run(_check_schema(settings))
    except SchemaMismatch as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None
    uvicorn.run(
        "opsroom.commands.serve:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        **server_options(settings),
    )


def require_port(settings: Settings) -> None:
    """Exits with 2 where the server could not listen; uvicorn would say so in a line of its log, after its start."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        typer.echo(
            f"opsroom: cannot listen on {where}: {error.strerror}. Choose another by OPSROOM_PORT, OPSROOM_HOST.",
            err=True,
        )
        raise typer.Exit(2) from None


def server_options(settings: Settings) -> dict[str, Any]:
    """Of uvicorn, whose own default believes what anybody on this machine says of the client's address."""
    return {
        "log_config": None,
        "access_log": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "server_header": False,
        "ws": "none",
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
    }


def application() -> FastAPI:
    """What each server process runs; the settings come from the environment again."""
    settings = load_settings()
    configure_logs(as_json=settings.is_production, level=settings.log_level)
    app = create_app(settings, work=settings.serve_jobs)
    # What was made until now stays to the end; the collector would go through all of it again and again.
    gc.collect()
    gc.freeze()
    return app


async def _check_schema(settings: Settings) -> None:
    database = open_database(settings)
    try:
        await require_current(database)
    finally:
        await database.close()
