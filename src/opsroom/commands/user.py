"""`opsroom user`: people, from the machine the server runs on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.auth.actions import create_sign_in_link, create_user, set_password
from opsroom.core.auth.models import Role, User
from opsroom.core.auth.passwords import generate_password
from opsroom.core.db.attribution import operator
from opsroom.core.db.origin import acting
from opsroom.core.errors import NotFound, Refusal
from opsroom.main import open_database
from opsroom.settings import Settings, load_settings

T = TypeVar("T")

group = typer.Typer(no_args_is_help=True, help="People: create, reset, sign-in links.")


@group.command()
def create(username: str, role: Annotated[Role, typer.Option(help="what they may do")] = Role.USER) -> None:
    """Create a user with a generated password, printed once.

    Example: opsroom user create wanjiru --role manager
    """
    password = generate_password()
    _run(lambda session: create_user(session, username, password, role))
    print(f"{username}: {password}")


@group.command()
def reset(username: str) -> None:
    """Give a user a new generated password, printed once; every sign-in of theirs ends."""
    password = generate_password()
    _run(lambda session: set_password(session, username, password))
    print(f"{username}: {password}")


@group.command()
def link(username: str) -> None:
    """Print a link that signs a user in once, within twelve hours."""
    settings = load_settings()
    token = _run(lambda session: _link(session, username))
    print(sign_in_url(settings, token))


def sign_in_url(settings: Settings, token: str) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104  compared, not bound
    return f"http://{host}:{settings.port}/console/sign-in?link={token}"


async def _link(session: AsyncSession, username: str) -> str:
    user_id = await session.scalar(select(User.id).where(User.username == username))
    if user_id is None:
        raise NotFound(f"There is no user named {username}.")
    return await create_sign_in_link(session, user_id)


def _run(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def in_transaction() -> T:
        database = open_database(load_settings())
        try:
            with acting(operator()):
                async with database.transaction() as session:
                    return await work(session)
        finally:
            await database.close()

    try:
        return asyncio.run(in_transaction())
    except Refusal as refusal:
        typer.echo(f"opsroom: {refusal.sentence}", err=True)
        raise typer.Exit(2) from None
