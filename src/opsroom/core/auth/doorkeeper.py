"""Whether a name and a password let somebody in, and what wrong ones bring.

    verify   looks the password up and compares it, once for every name and in every state of an account, holding no
             transaction: a comparison takes a hundred milliseconds, and SQLite has one writer
    decide   in the caller's transaction, with the account's row locked: counts, locks, and leaves the trail

Whoever is refused is told the same, whatever the reason; the trail knows it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.audit.events import Event, record
from opsroom.core.auth.lockout import Lockout
from opsroom.core.auth.models import User
from opsroom.core.auth.passwords import verify_password
from opsroom.core.auth.trail import ACCOUNT_LOCKED, SIGN_IN_REFUSED
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.errors import Unauthenticated

Tell = Callable[[AsyncSession, dict[str, Any]], Awaitable[object]]
WRONG = "The username or the password is wrong, or there were too many wrong ones; then it helps to wait."


@dataclass(frozen=True, slots=True)
class Attempt:
    """password_hash: what the password was compared with; none of an unknown name"""

    username: str
    password_hash: str | None
    right: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """user: who may come in; locked_until: if the account is locked, by this attempt or before it"""

    user: User | None
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """tell: whoever watches over accounts, of one that was locked"""

    database: Database
    lockout: Lockout
    tell: Tell

    async def verify(self, username: str, password: str) -> Attempt:
        query = select(User.password_hash).where(User.username == _comparable(username))
        async with self.database.reading() as connection:
            password_hash = await connection.scalar(query)
        return Attempt(username, password_hash, await verify_password(password, password_hash))

    async def decide(
        self, session: AsyncSession, attempt: Attempt, refused: Event = SIGN_IN_REFUSED, **facts: Any
    ) -> Decision:
        """The caller commits in every case: the trail of an attempt must outlive the refusal."""
        at = now()
        account = select(User).where(User.username == _comparable(attempt.username))
        user = await session.scalar(account.with_for_update(key_share=True).execution_options(populate_existing=True))
        reason = _why_not(user, attempt, at)
        if user is not None and reason is None:
            user.failed_sign_ins, user.locked_until = 0, None
            await session.flush()
            return Decision(user)
        subject = ("users", user.id) if user else None
        await record(session, refused, subject, username=attempt.username, because=reason, **facts)
        return Decision(None, await self._count(session, attempt, user, at))

    async def _count(self, session: AsyncSession, attempt: Attempt, user: User | None, at: datetime) -> datetime | None:
        """One more failure. The statement is sent for an unknown name too, of which it finds nothing."""
        failures, until = 0, None
        if user is not None and _locked(user, at):
            failures, until = user.failed_sign_ins, user.locked_until
        elif user is not None:
            failures = 1 + self.lockout.failures_so_far(user.failed_sign_ins, user.locked_until, at)
            until = self.lockout.until(failures, at)
        await session.execute(
            update(User)
            .where(User.username == _comparable(attempt.username))
            .values(failed_sign_ins=failures, locked_until=until)
            .execution_options(synchronize_session=False)
        )
        if user is not None and until is not None and not _locked(user, at):
            told = {"username": user.username, "failures": failures, "locked_until": until.isoformat()}
            await record(session, ACCOUNT_LOCKED, ("users", user.id), **told)
            await self.tell(session, told)
        return until


def wrong_credentials() -> Unauthenticated:
    return Unauthenticated(WRONG, code="wrong_credentials")


async def _doorkeeper_of(request: Request) -> Doorkeeper:
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    return doorkeeper


TheDoorkeeper = Annotated[Doorkeeper, Depends(_doorkeeper_of)]


def _why_not(user: User | None, attempt: Attempt, at: datetime) -> str | None:
    """The attempt may be older than a lock or a new password that came meanwhile."""
    if user is None:
        return "unknown name"
    if _locked(user, at):
        return "locked"
    if not attempt.right or user.password_hash != attempt.password_hash:
        return "wrong password"
    return None if user.is_active else "inactive"


def _locked(user: User, at: datetime) -> bool:
    return user.locked_until is not None and user.locked_until > at


def _comparable(username: str) -> str:
    """Without the one letter that PostgreSQL cannot compare, and no name may have."""
    return "" if "\0" in username else username
