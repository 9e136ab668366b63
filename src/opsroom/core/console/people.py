"""What an administrator does to a person beside editing: new passwords and links, each shown once; locks; grants."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth import actions, people
from opsroom.core.auth.guards import allow
from opsroom.core.auth.models import User
from opsroom.core.auth.passwords import generate_password
from opsroom.core.console.catalogue import list_path
from opsroom.core.console.render import console_of, render, see_other
from opsroom.core.db.session import Unit
from opsroom.core.errors import NotFound
from opsroom.core.resources.crud import update_item

router = APIRouter(prefix="/console/r/users", include_in_schema=False)

Writer = Annotated[Actor, allow("users.write")]


@router.post("/{user_id}/link", name="console_user_link")
async def link(user_id: str, request: Request, session: Unit, actor: Writer) -> Response:
    user = await people.person_to_change(session, actor, user_id)
    token = await actions.create_sign_in_link(session, user.id)
    secret = f"{request.base_url}console/sign-in?link={token}"
    lead = f"{user.username} signs in with it once, within {actions.LINK_LIFETIME.seconds // 3600} hours."
    return _once(request, user, secret, "A link to sign in with", lead)


@router.post("/{user_id}/password", name="console_user_password")
async def password(user_id: str, request: Request, session: Unit, actor: Writer) -> Response:
    secret = generate_password()
    fresh = await actions.fresh_password(secret)
    user = await people.person_to_change(session, actor, user_id)
    await actions.reset_password(session, user, fresh)
    lead = f"Every sign-in, link and key of {user.username} has ended; another password is chosen at the next sign-in."
    return _once(request, user, secret, "A new password", lead)


@router.post("/{user_id}/switch", name="console_user_switch")
async def switch(user_id: str, request: Request, session: Unit, actor: Writer) -> Response:
    """Somebody who is switched off may not sign in, and every open sign-in is refused from now on."""
    user = await people.person_to_change(session, actor, user_id)
    users = console_of(request).catalogue.of_table(User.__table__, actor)
    if users is None:
        raise NotFound("There is no list of users.")
    await update_item(session, users, user.id, {"is_active": not user.is_active}, actor)
    return see_other(
        f"{list_path(users)}/{user.id}",
        f"{user.username} is switched off." if user.is_active else f"{user.username} may sign in.",
    )


@router.post("/{user_id}/unlock", name="console_user_unlock")
async def unlock(user_id: str, session: Unit, actor: Writer) -> Response:
    user = await people.person_to_change(session, actor, user_id)
    await actions.unlock(session, user)
    return _back(user, f"{user.username} may try again.")


@router.post("/{user_id}/grants", name="console_user_grant")
async def grant(
    user_id: str, request: Request, session: Unit, actor: Writer, permission: Annotated[str, Form()] = ""
) -> Response:
    user = await people.person_to_change(session, actor, user_id)
    known = request.app.state.role_permissions.known
    await people.grant(session, actor, user, permission.strip(), known)
    return _back(user, f"{user.username} has {permission.strip()}.")


@router.post("/{user_id}/grants/{permission}/withdraw", name="console_user_withdraw")
async def withdraw(user_id: str, permission: str, session: Unit, actor: Writer) -> Response:
    user = await people.person_to_change(session, actor, user_id)
    await people.withdraw(session, user, permission)
    return _back(user, f"{user.username} no longer has {permission} in person.")


def _back(user: User, toast: str) -> Response:
    return see_other(f"/console/r/users/{user.id}", toast)


def _once(request: Request, user: User, secret: str, title: str, lead: str) -> Response:
    return render(request, "people/secret.html", user=user, secret=secret, title=title, lead=lead)
