"""The first people of a new installation."""

import os
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.auth.actions import create_user
from opsroom.core.auth.models import Role, User
from opsroom.core.auth.passwords import generate_password

FIRST = {"admin": Role.ADMIN, "user": Role.USER}


@dataclass(frozen=True, slots=True)
class NewUser:
    username: str
    password: str


async def seed_users(session: AsyncSession) -> list[NewUser]:
    """Create those of `admin` and `user` that are missing.

    Passwords come from OPSROOM_ADMIN_PASSWORD and OPSROOM_USER_PASSWORD, else they are generated;
    the caller shows them once, they are kept only as hashes.
    """
    created = []
    for username, role in FIRST.items():
        if await session.scalar(select(User.id).where(User.username == username)):
            continue
        password = os.environ.get(f"OPSROOM_{username.upper()}_PASSWORD") or generate_password()
        await create_user(session, username, password, role, is_superuser=username == "admin")
        created.append(NewUser(username, password))
    return created
