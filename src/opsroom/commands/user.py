"""`opsroom user`: people, from the machine the server runs on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.apps import installed_apps
from opsroom.core.actor import SYSTEM
from opsroom.core.auth import actions, people
from opsroom.core.auth.actions import create_sign_in_link, create_user
from opsroom.core.auth.keys import create_key, revoke_key
from opsroom.core.auth.models import ApiKey, Role, User
from opsroom.core.auth.passwords import generate_password
from opsroom.core.auth.roles import RolePermissions
from opsroom.core.auth.schemas import ApiKeyAsked
from opsroom.core.db.attribution import operator
from opsroom.core.db.origin import acting
from opsroom.core.errors import Invalid, NotFound, Refusal
from opsroom.main import all_permissions, open_database, sign_in_rules
from opsroom.settings import Settings, load_settings

T = TypeVar("T")

group = typer.Typer(no_args_is_help=True, help="People: create, reset, unlock, grant; sign-in links and API keys.")
keys = typer.Typer(no_args_is_help=True, help="API keys of a user.")
group.add_typer(keys, name="key")


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
    """Give a user a new generated password, printed once; every sign-in, link and key of theirs ends.

    They choose another password at the next sign-in.
    """
    password = generate_password()
    _run(lambda session: _reset(session, username, password))
    print(f"{username}: {password}")


@group.command()
def unlock(username: str) -> None:
    """Let a user try again at once who is locked after too many wrong passwords."""
    _run(lambda session: _unlock(session, username))
    print(f"{username} may try again")


@group.command()
def grant(username: str, permission: str) -> None:
    """Let a user do one thing more than the role does.

    Example: opsroom user grant wanjiru quality.lots.release
    """
    _run(lambda session: _grant(session, username, permission))
    print(f"{username} has {permission}")


@group.command()
def withdraw(username: str, permission: str) -> None:
    """Take a grant back; it ends with the next request."""
    _run(lambda session: _withdraw(session, username, permission))
    print(f"{username} no longer has {permission} in person")


@keys.command("create")
def create_api_key(
    username: str,
    name: Annotated[str, typer.Option(help="what it is for")],
    scope: Annotated[list[str], typer.Option(help="a permission of the user; repeat for more")],
    days: Annotated[int, typer.Option(help="until it expires")] = 90,
) -> None:
    """Make a key for a program of a user, printed once.

    Example: opsroom user key create wanjiru --name import --scope stores.stores.read --days 30
    """
    print(_run(lambda session: _create_key(session, username, name, scope, days)))


@keys.command("list")
def list_api_keys(username: str) -> None:
    """Print the keys of a user."""
    for key in _run(lambda session: _keys(session, username)):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}"
        used = f"last used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
        print(f"{key.id}  {key.hint}…  {key.name}  {state}  {used}  {' '.join(key.scopes)}")


@keys.command("revoke")
def revoke_api_key(key_id: UUID) -> None:
    """End a key, at once and for good."""
    key = _run(lambda session: revoke_key(session, key_id, None))
    print(f"{key.name} is revoked")


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


async def _reset(session: AsyncSession, username: str, password: str) -> None:
    fresh = await actions.fresh_password(password)
    await actions.reset_password(session, await actions.find_user(session, username), fresh)


async def _unlock(session: AsyncSession, username: str) -> None:
    await actions.unlock(session, await actions.find_user(session, username))


async def _grant(session: AsyncSession, username: str, permission: str) -> None:
    user = await actions.find_user(session, username)
    await people.grant(session, SYSTEM, user, permission, _permissions().known)


async def _withdraw(session: AsyncSession, username: str, permission: str) -> None:
    await people.withdraw(session, await actions.find_user(session, username), permission)


async def _create_key(session: AsyncSession, username: str, name: str, scopes: list[str], days: int) -> str:
    owner = await actions.find_user(session, username)
    permissions = _permissions()
    held = permissions.known if owner.is_superuser else permissions.of(owner.role, owner.grants)
    try:
        asked = ApiKeyAsked(name=name, scopes=scopes, days=days)
    except ValidationError as error:
        raise Invalid("; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())) from None
    _, secret = await create_key(session, owner, asked, held, sign_in_rules(load_settings()).key_lifetime)
    return secret


async def _keys(session: AsyncSession, username: str) -> Sequence[ApiKey]:
    owner = await actions.find_user(session, username)
    return (await session.scalars(select(ApiKey).where(ApiKey.user_id == owner.id).order_by(ApiKey.id))).all()


def _permissions() -> RolePermissions:
    return all_permissions(installed_apps())


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
