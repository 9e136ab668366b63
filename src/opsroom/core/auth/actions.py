"""Signing in and out, and what an administrator or the command line does to people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.audit.events import record
from opsroom.core.auth.models import ApiKey, Role, Session, SessionKind, SignInLink, User
from opsroom.core.auth.passwords import MINIMUM_LENGTH, hash_password
from opsroom.core.auth.tokens import (
    SessionToken,
    TokenPolicy,
    hash_secret,
    new_session_token,
    read_session_token,
)
from opsroom.core.auth.trail import (
    ACCOUNT_UNLOCKED,
    PASSWORD_CHANGED,
    ROLE_GRANTED,
    SIGN_IN_REFUSED,
    SIGNED_IN,
    SIGNED_OUT,
    TOKEN_REPLAYED,
)
from opsroom.core.clock import now
from opsroom.core.db.attribution import write_as
from opsroom.core.db.origin import Origin, current_origin
from opsroom.core.errors import Conflict, Invalid, NotFound, Unauthenticated

LINK_LIFETIME = timedelta(hours=12)
Columns = dict[str, Any]
CHANGED = "password changed"
RESET = "password reset"


async def open_session(
    session: AsyncSession,
    user: User,
    kind: SessionKind,
    policy: TokenPolicy,
    *,
    ip: str | None,
    user_agent: str | None,
) -> SessionToken:
    """The first secret of a new sign-in. The caller's transaction is the person's from here on."""
    at = now()
    token = new_session_token(uuid7())
    await write_as(session, _of(user, token.session_id))
    session.add(
        Session(
            id=token.session_id,
            user_id=user.id,
            kind=kind,
            token_hash=token.hash,
            expires_at=at + policy.session_lifetime,
            ip=ip,
            user_agent=user_agent[:400] if user_agent else None,
        )
    )
    user.last_login = at
    await session.flush()
    await record(session, SIGNED_IN, ("sessions", token.session_id), username=user.username, kind=kind.value)
    return token


async def rotate(session: AsyncSession, refresh_token: str, policy: TokenPolicy) -> tuple[User, SessionToken] | None:
    """A fresh refresh token for a good one. A replayed one ends the whole sign-in and gives None.

    The caller commits in both cases: the revocation must outlive the refusal.
    """
    presented = read_session_token(refresh_token)
    if presented is None:
        return None
    found = await session.get(Session, presented.session_id, with_for_update=True)
    if found is None or found.kind is not SessionKind.TOKEN:
        return None
    user = await session.get_one(User, found.user_id)
    if found.revoked_at is not None or found.expires_at <= now() or not user.is_active:
        return None
    if not presented.opens(found.token_hash):
        _revoke(found, "refresh token replayed")
        await record(session, TOKEN_REPLAYED, ("sessions", found.id), username=user.username)
        return None
    await write_as(session, _of(user, found.id))
    token = new_session_token(found.id)
    found.token_hash = token.hash
    found.expires_at = now() + policy.session_lifetime
    return user, token


async def close_session(session: AsyncSession, session_id: UUID) -> None:
    found = await session.get(Session, session_id, with_for_update=True)
    if found is not None and found.revoked_at is None:
        _revoke(found, "signed out")
        await record(session, SIGNED_OUT, ("sessions", session_id))


async def create_user(
    session: AsyncSession,
    username: str,
    password: str,
    role: Role,
    *,
    email: str | None = None,
    is_superuser: bool = False,
) -> User:
    fresh = await fresh_password(password)
    if await session.scalar(select(User.id).where(User.username == username)):
        raise Conflict(f"There is a user named {username} already; choose another name.", field="username")
    user = User(
        username=username,
        email=email,
        role=role,
        is_superuser=is_superuser,
        **fresh,
    )
    session.add(user)
    await session.flush()
    await record(session, ROLE_GRANTED, ("users", user.id), role=role.value, is_superuser=is_superuser)
    return user


async def set_password(session: AsyncSession, user: User, fresh: Columns) -> None:
    """A new password (`fresh_password`) by the person's own choice: it ends every sign-in, and keys go on."""
    await _replace_password(session, user, fresh, must_change=False)
    await end_sign_ins(session, user.id, CHANGED)


async def reset_password(session: AsyncSession, user: User, fresh: Columns) -> None:
    """A new password by somebody else's hand: the person chooses another at the next sign-in; keys end as well."""
    await _replace_password(session, user, fresh, must_change=True)
    await end_sign_ins(session, user.id, RESET)
    await end_keys(session, user.id, RESET)


async def _replace_password(session: AsyncSession, user: User, fresh: Columns, *, must_change: bool) -> None:
    for name, value in fresh.items():
        setattr(user, name, value)
    user.must_change_password = must_change
    await session.flush()
    await record(session, PASSWORD_CHANGED, ("users", user.id), username=user.username, must_change=must_change)


async def fresh_password(password: str) -> Columns:
    """What stands in a row for a new password; a lock was for guesses at the old one.

    To be called before a transaction is opened: a hash takes a hundred milliseconds, and SQLite has one writer.

    Raises:
        Invalid: it is too short.
    """
    if len(password) < MINIMUM_LENGTH:
        raise Invalid(f"A password needs at least {MINIMUM_LENGTH} characters.", field="password")
    return {
        "password_hash": await hash_password(password),
        "password_changed_at": now(),
        "failed_sign_ins": 0,
        "locked_until": None,
    }


async def unlock(session: AsyncSession, user: User) -> None:
    """Wrong passwords so far are forgotten."""
    user.failed_sign_ins, user.locked_until = 0, None
    await session.flush()
    await record(session, ACCOUNT_UNLOCKED, ("users", user.id), username=user.username)


async def find_user(session: AsyncSession, username: str) -> User:
    """With its row locked, because failures to sign in are counted in it at any time.

    Raises:
        NotFound: there is nobody of this name.
    """
    user = await session.scalar(select(User).where(User.username == username).with_for_update(key_share=True))
    if user is None:
        raise NotFound(f"There is no user named {username}.")
    return user


async def end_sign_ins(session: AsyncSession, user_id: UUID, reason: str) -> None:
    """Every open sign-in of a person, and every link that could begin one."""
    at = now()
    await session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None))
        .values(revoked_at=at, revoked_reason=reason)
    )
    await session.execute(
        update(SignInLink).where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None)).values(used_at=at)
    )


async def end_keys(session: AsyncSession, user_id: UUID, reason: str) -> None:
    await session.execute(
        update(ApiKey)
        .where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_reason=reason)
    )


async def create_sign_in_link(session: AsyncSession, user_id: UUID) -> str:
    """The secret part of a link that signs this person in once, within twelve hours."""
    token = new_session_token(uuid7()).secret
    session.add(SignInLink(user_id=user_id, token_hash=hash_secret(token), expires_at=now() + LINK_LIFETIME))
    await session.flush()
    return token


async def use_sign_in_link(session: AsyncSession, token: str) -> User:
    """
    Raises:
        Unauthenticated: the link is spent. A caller who commits keeps the trail of the attempt.
    """
    used: UUID | None = await session.scalar(
        update(SignInLink)
        .where(
            SignInLink.token_hash == hash_secret(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now(),
        )
        .values(used_at=now())
        .returning(SignInLink.user_id)
    )
    user = await session.get(User, used, with_for_update={"key_share": True}) if used else None
    if user is None or not user.is_active:
        await record(session, SIGN_IN_REFUSED, ("users", user.id) if user else None, link="spent")
        raise Unauthenticated(
            "This sign-in link was used already or has expired. Make a new one with `opsroom user link NAME`.",
            code="link_spent",
        )
    return user


def _of(user: User, session_id: UUID) -> Origin:
    return replace(current_origin(), user_name=user.username, user_id=user.id, session_id=session_id)


def _revoke(found: Session, reason: str) -> None:
    found.revoked_at = now()
    found.revoked_reason = reason
