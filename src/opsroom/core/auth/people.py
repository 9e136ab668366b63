"""What is done to people by who looks after them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.auth.models import User
from opsroom.core.auth.trail import PERMISSION_GRANTED, PERMISSION_WITHDRAWN
from opsroom.core.errors import Forbidden, Invalid, NotFound


async def person_to_change(session: AsyncSession, actor: Actor, key: str | UUID) -> User:
    """The person with this id or username, with the row locked.

    Raises:
        NotFound: there is nobody.
        Forbidden: a superuser is changed by superusers only.
    """
    person = select(User).where(_named(key)).with_for_update(key_share=True)
    user = await session.scalar(person)
    if user is None:
        raise NotFound(f"There is no user {str(key)[:80]}.")
    if user.is_superuser and not actor.is_superuser:
        raise Forbidden("Only a superuser may change a superuser.", code="superuser_only")
    return user


async def grant(session: AsyncSession, actor: Actor, user: User, permission: str, known: Collection[str]) -> None:
    """Let one person do what others of the role may not. A permission that is held already stays as it is.

    Raises:
        Invalid: no app has such a permission.
        Forbidden: to oneself.
    """
    if permission not in known:
        raise Invalid(
            f"There is no permission {permission}; docs/reference.md and `opsroom reference` list them.",
            field="permission",
        )
    if user.id == actor.user_id and not actor.is_superuser:
        raise Forbidden("Nobody grants anything to themselves; ask another administrator.", code="own_grant")
    if permission not in user.grants:
        user.grants = sorted({*user.grants, permission})
        await session.flush()
        await record(session, PERMISSION_GRANTED, ("users", user.id), username=user.username, permission=permission)


async def withdraw(session: AsyncSession, user: User, permission: str) -> None:
    """
    Raises:
        NotFound: it was not granted to the person; what a role has goes with the role.
    """
    if permission not in user.grants:
        raise NotFound(f"{permission[:100]} was not granted to {user.username} in person.")
    user.grants = [each for each in user.grants if each != permission]
    await session.flush()
    await record(session, PERMISSION_WITHDRAWN, ("users", user.id), username=user.username, permission=permission)


def _named(key: str | UUID) -> ColumnElement[bool]:
    try:
        return User.id == UUID(str(key))
    except ValueError:
        return User.username == str(key).replace("\0", "")
