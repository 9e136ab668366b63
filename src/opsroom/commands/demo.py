"""`opsroom demo`: what `make run` calls."""

import asyncio
import os

import typer
from sqlalchemy import select

from opsroom.apps import installed_apps
from opsroom.commands.serve import require_port, run_server
from opsroom.commands.user import sign_in_url
from opsroom.core.app import App
from opsroom.core.auth.actions import create_sign_in_link
from opsroom.core.auth.models import User
from opsroom.core.jobs.models import Job
from opsroom.core.logs import configure_logs
from opsroom.core.parts import NoPayload
from opsroom.main import House
from opsroom.migrations import commands as migrations
from opsroom.seed import NewUser, seed_users
from opsroom.settings import Settings, data_folder, load_settings

command = typer.Typer()

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@command.command()
def demo() -> None:
    """Migrate, load demonstration data in the background, print a sign-in link, and serve.

    A second start keeps the data. Refused in production.
    """
    settings = load_settings()
    if settings.is_production:
        typer.echo("opsroom: demonstration data is refused when OPSROOM_ENVIRONMENT=production", err=True)
        raise typer.Exit(2)
    require_port(settings)
    if settings.host in LOOPBACK:
        opened = [name for app in installed_apps() for name in app.demo_opens]
        os.environ.setdefault("OPSROOM_OPEN_ENDPOINTS", ",".join(opened))
    data_folder(settings)
    configure_logs(as_json=False, level="WARNING")
    migrations.migrate(settings.database)
    created, link = asyncio.run(prepare(settings))
    for user in created:
        typer.echo(f"user {user.username}, password {user.password} (shown this once)")
    typer.echo(f"\nOpsroom answers at http://{settings.host}:{settings.port}/ ; sign in once with\n\n    {link}\n")
    run_server(load_settings())


async def prepare(settings: Settings) -> tuple[list[NewUser], str]:
    """Create the first people and ask once for each app's demonstration data; gives the sign-in link."""
    house = House(settings)
    try:
        async with house.database.transaction() as session:
            created = await seed_users(session)
            admin = await session.scalar(select(User.id).where(User.username == "admin"))
            if admin is None:
                raise typer.Exit(2)
            token = await create_sign_in_link(session, admin)
            for app in _with_demo(house.apps):
                if not await session.scalar(select(Job.id).where(Job.type == app.demo).limit(1)):
                    await house.queue.add(session, app.demo, NoPayload())
        return created, sign_in_url(settings, token)
    finally:
        await house.database.close()


def _with_demo(apps: tuple[App, ...]) -> list[App]:
    return [app for app in apps if app.demo]
