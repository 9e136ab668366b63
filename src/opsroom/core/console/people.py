"""What an administrator does to a person beside editing: a new password or a link to sign in with, each shown once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth import actions
from opsroom.core.auth.guards import allow
from opsroom.core.auth.models import User
from opsroom.core.auth.passwords import generate_password
from opsroom.core.console.catalogue import list_path
from opsroom.core.console.render import console_of, render, see_other
from opsroom.core.db.session import Unit
from opsroom.core.errors import Forbidden, NotFound
from opsroom.core.resources.crud import update_item

router = APIRouter(prefix="/console/r/users", include_in_schema=False)

Writer = Annotated[Actor, allow("users.write")]


@router.post("/{user_id}/link", name="console_user_link")
async def link(user_id: UUID, request: Request, session: Unit, actor: Writer) -> Response:
    user = await _find(session, user_id, actor)
    token = await actions.create_sign_in_link(session, user.id)
    secret = f"{request.base_url}console/sign-in?link={token}"
    lead = f"{user.username} signs in with it once, within {actions.LINK_LIFETIME.seconds // 3600} hours."
    return _once(request, user, secret, "A link to sign in with", lead)


@router.post("/{user_id}/password", name="console_user_password")
async def password(user_id: UUID, request: Request, session: Unit, actor: Writer) -> Response:
    user = await _find(session, user_id, actor)
    secret = generate_password()
    await actions.set_password(session, user.username, secret)
    return _once(request, user, secret, "A new password", f"Every sign-in of {user.username} has ended.")


@router.post("/{user_id}/switch", name="console_user_switch")
async def switch(user_id: UUID, request: Request, session: Unit, actor: Writer) -> Response:
    """Somebody who is switched off may not sign in, and every open sign-in is refused from now on."""
    user = await _find(session, user_id, actor)
    users = console_of(request).catalogue.of_table(User.__table__, actor)
    if users is None:
        raise NotFound("There is no list of users.")
    await update_item(session, users, user_id, {"is_active": not user.is_active}, actor)
    return see_other(
        f"{list_path(users)}/{user_id}",
        f"{user.username} is switched off." if user.is_active else f"{user.username} may sign in.",
    )


async def _find(session: AsyncSession, user_id: UUID, actor: Actor) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    if user.is_superuser and not actor.is_superuser:
        raise Forbidden("Only a superuser may let somebody in as a superuser.", code="superuser_only")
    return user


def _once(request: Request, user: User, secret: str, title: str, lead: str) -> Response:
    return render(request, "people/secret.html", user=user, secret=secret, title=title, lead=lead)
