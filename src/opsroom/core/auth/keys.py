"""Personal API keys: what programs of a person carry instead of a password.

A key may do what both its scopes and its owner may do at the moment of each request.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.audit.events import record
from opsroom.core.auth.models import ApiKey, User
from opsroom.core.auth.schemas import ApiKeyAsked
from opsroom.core.auth.tokens import hash_secret
from opsroom.core.auth.trail import KEY_CREATED, KEY_REVOKED
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid, NotFound

PREFIX = "opsroom_"
HINT_LENGTH = len(PREFIX) + 6
MOST_KEYS = 50
# What opens an account to others: no key does it, whatever its owner may do.
NEVER = frozenset({"account.write", "keys.write", "users.write"})


def usable_scopes(held: Iterable[str]) -> frozenset[str]:
    """What a key of somebody who holds these permissions may be given."""
    return frozenset(held) - NEVER


async def create_key(
    session: AsyncSession, owner: User, asked: ApiKeyAsked, held: Iterable[str], longest: timedelta
) -> tuple[ApiKey, str]:
    """A key and its secret, which is kept as a hash only.

    held: what its owner may do; longest: the most it may live

    Raises:
        Invalid: a scope is not among what its owner holds, or is for no key; or it shall live too long.
        Conflict: the owner has as many keys as anybody may have.
    """
    if asked.days > longest.days:
        raise Invalid(f"A key lives {longest.days} days at most.", field="days")
    if beyond := sorted(set(asked.scopes) - usable_scopes(held)):
        raise Invalid(
            f"A key of {owner.username} cannot have {', '.join(beyond)}: its owner may not do it, or no key may.",
            field="scopes",
        )
    at = now()
    alive = select(ApiKey.id).where(ApiKey.user_id == owner.id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > at)
    if len((await session.scalars(alive)).all()) >= MOST_KEYS:
        raise Conflict(f"{owner.username} has {MOST_KEYS} keys; revoke one that is no longer used.", code="many_keys")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        user_id=owner.id,
        name=asked.name,
        key_hash=hash_secret(secret),
        hint=secret[:HINT_LENGTH],
        scopes=sorted(set(asked.scopes)),
        expires_at=at + timedelta(days=asked.days),
    )
    session.add(key)
    await session.flush()
    await record(session, KEY_CREATED, ("api_keys", key.id), owner=owner.username, name=key.name, scopes=key.scopes)
    return key, secret


async def revoke_key(session: AsyncSession, key_id: UUID, owner_id: UUID | None) -> ApiKey:
    """End a key, of this owner or, with None, of anybody. One that was revoked stays as it is.

    Raises:
        NotFound: there is no such key, or it is another person's.
    """
    key = await session.get(ApiKey, key_id, with_for_update=True)
    if key is None or owner_id not in {None, key.user_id}:
        raise NotFound(f"There is no API key {key_id}.")
    if key.revoked_at is None:
        key.revoked_at, key.revoked_reason = now(), "revoked"
        await session.flush()
        await record(session, KEY_REVOKED, ("api_keys", key.id), name=key.name)
    return key
