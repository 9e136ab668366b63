"""`/api/v1/users/{user}/…`: what is done to people beside creating and changing them."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth import actions, people
from opsroom.core.auth.guards import allow
from opsroom.core.auth.passwords import generate_password
from opsroom.core.auth.roles import RolePermissions
from opsroom.core.auth.schemas import GrantAsked, NewPassword
from opsroom.core.db.session import Unit

router = APIRouter(prefix="/api/v1/users", tags=["users"])

Writer = Annotated[Actor, allow("users.write")]


@router.post("/{user_id}/password-reset")
async def reset_user_password(user_id: str, actor: Writer, session: Unit, response: Response) -> NewPassword:
    """A new password, shown this once. Every sign-in, link and key of the person ends."""
    password = generate_password()
    fresh = await actions.fresh_password(password)
    user = await people.person_to_change(session, actor, user_id)
    await actions.reset_password(session, user, fresh)
    response.headers["Cache-Control"] = "no-store"
    return NewPassword(username=user.username, password=password)


@router.post("/{user_id}/unlock", status_code=204)
async def unlock_user(user_id: str, actor: Writer, session: Unit) -> None:
    """Forget wrong passwords, so that the person may try again at once."""
    user = await people.person_to_change(session, actor, user_id)
    await actions.unlock(session, user)


@router.post("/{user_id}/grants", status_code=204)
async def grant_permission(user_id: str, body: GrantAsked, request: Request, actor: Writer, session: Unit) -> None:
    """Let this person do one thing more than the role does."""
    user = await people.person_to_change(session, actor, user_id)
    known: RolePermissions = request.app.state.role_permissions
    await people.grant(session, actor, user, body.permission, known.known)


@router.delete("/{user_id}/grants/{permission}", status_code=204)
async def withdraw_permission(user_id: str, permission: str, actor: Writer, session: Unit) -> None:
    """Take a grant back; it ends with the next request of the person or of their keys."""
    user = await people.person_to_change(session, actor, user_id)
    await people.withdraw(session, user, permission)
