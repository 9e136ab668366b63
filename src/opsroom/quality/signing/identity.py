"""Is it really this person who signs? (21 CFR 11.200 and 11.300)

The first signature of a sign-in, and the first after a break, takes both components, name and password; each later one
the password. Wrong attempts are on record whatever happens then, and too many lock signing for a while.
"""

from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.audit.models import AuditEntry, AuditTransaction
from opsroom.core.auth.models import User
from opsroom.core.auth.passwords import verify_password
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.errors import Conflict, Forbidden, Locked, Refusal, Unauthenticated
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.webhooks.actions import Event, announce
from opsroom.quality.signing.models import Signature, SignatureConsent
from opsroom.quality.signing.trail import LOCKED, REFUSED

BREAK = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)
MOST_FAILURES = 5


class Credentials(BaseModel):
    """The two components of a signature."""

    username: str | None = Field(None, max_length=150, description="needed at the first signature of a sign-in")
    password: SecretStr = Field(max_length=1000)


async def confirm(database: Database, queue: JobQueue, actor: Actor, given: Credentials) -> None:
    """Commits what it found before it refuses: the trail of an attempt outlives the refusal.

    Raises:
        Forbidden: nobody is signed in here, or the person never accepted what a signature means.
        Locked: too many wrong attempts.
        Unauthenticated: a component is missing or wrong.
    """
    if actor.user_id is None or actor.session_id is None:
        raise Forbidden("Only a person who signed in can sign; an API key cannot.", code="signing_needs_a_person")
    async with database.transaction() as session:
        refusal = await _refusal(session, queue, actor, actor.user_id, given)
    if refusal is not None:
        raise refusal


async def _refusal(
    session: AsyncSession, queue: JobQueue, actor: Actor, user_id: UUID, given: Credentials
) -> Refusal | None:
    if await session.scalar(select(SignatureConsent.id).where(SignatureConsent.user_id == user_id)) is None:
        return Conflict(
            "Accept first what an electronic signature means: POST /api/v1/quality/signature-consents.",
            code="consent_needed",
        )
    failures = await _failures(session, user_id)
    if failures >= MOST_FAILURES:
        return _locked()
    if given.username is None and await _is_first(session, actor):
        return Unauthenticated(
            "This is the first signature of this sign-in, or the first after a break: give `username` and `password`.",
            code="both_components_needed",
        )
    user = await session.get_one(User, user_id)
    right = await verify_password(given.password.get_secret_value(), user.password_hash)
    if right and given.username in {None, user.username}:
        return None
    await record(session, REFUSED, ("users", user_id), username=given.username or user.username)
    if failures + 1 < MOST_FAILURES:
        return Unauthenticated("The name or the password is wrong; nothing was signed.", code="wrong_credentials")
    await record(session, LOCKED, ("users", user_id), failures=failures + 1)
    told = {"username": user.username, "failures": failures + 1, "minutes": LOCKED_FOR // timedelta(minutes=1)}
    await announce(session, queue, [Event("quality.signing.locked", told, now())])
    return _locked()


def _locked() -> Refusal:
    return Locked(
        f"Signing is locked after {MOST_FAILURES} wrong attempts; "
        f"try again in {LOCKED_FOR // timedelta(minutes=1)} minutes, or ask an administrator.",
        code="signing_locked",
    )


async def _is_first(session: AsyncSession, actor: Actor) -> bool:
    recent = select(Signature.id).where(Signature.session_id == actor.session_id, Signature.signed_at > now() - BREAK)
    return await session.scalar(recent.limit(1)) is None


async def _failures(session: AsyncSession, user_id: UUID) -> int:
    """Wrong attempts since the person last signed, as far as they count yet."""
    last = await session.scalar(select(func.max(Signature.signed_at)).where(Signature.signer_id == user_id))
    since = now() - LOCKED_FOR
    found = await session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .join(AuditTransaction, AuditTransaction.id == AuditEntry.transaction_id)
        .where(
            AuditEntry.event == REFUSED.name,
            AuditEntry.table_name == "users",
            AuditEntry.record_id == str(user_id),
            AuditTransaction.at > (max(since, last) if last else since),
        )
    )
    return found or 0
