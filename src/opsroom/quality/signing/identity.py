"""Is it really this person who signs? (21 CFR 11.200 and 11.300)

The first signature of a sign-in, and the first after a break, takes both components, name and password; each later one
the password. Wrong attempts are on record whatever happens then, and count together with those at the sign-in.
"""

from dataclasses import replace
from datetime import timedelta

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.auth.doorkeeper import Doorkeeper
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Forbidden, Locked, Unauthenticated
from opsroom.quality.signing.models import Signature, SignatureConsent
from opsroom.quality.signing.trail import REFUSED

BREAK = timedelta(minutes=15)


class Credentials(BaseModel):
    """The two components of a signature."""

    username: str | None = Field(None, max_length=150, description="needed at the first signature of a sign-in")
    password: SecretStr = Field(max_length=1000)


async def confirm(doorkeeper: Doorkeeper, actor: Actor, given: Credentials) -> None:
    """Commits what it found before it refuses: the trail of an attempt outlives the refusal.

    Raises:
        Forbidden: nobody is signed in here.
        Conflict: the person never accepted what a signature means.
        Locked: too many wrong attempts, here or at the sign-in.
        Unauthenticated: a component is missing or wrong.
    """
    if actor.user_id is None or actor.session_id is None:
        raise Forbidden("Only a person who signed in can sign; an API key cannot.", code="signing_needs_a_person")
    async with doorkeeper.database.reading() as connection:
        await _refuse_unprepared(connection, actor, given)
    attempt = await doorkeeper.verify(actor.name, given.password.get_secret_value())
    if given.username not in {None, actor.name}:
        attempt = replace(attempt, right=False)
    async with doorkeeper.database.transaction() as session:
        decision = await doorkeeper.decide(session, attempt, REFUSED, signing_as=given.username)
    if decision.user is not None:
        return
    if decision.locked_until is None:
        raise Unauthenticated("The name or the password is wrong; nothing was signed.", code="wrong_credentials")
    raise Locked(
        f"Your account is locked after too many wrong attempts, until {decision.locked_until:%Y-%m-%d %H:%M} UTC. "
        "Wait, or ask an administrator to unlock it.",
        code="account_locked",
        locked_until=decision.locked_until.isoformat(),
    )


async def _refuse_unprepared(connection: AsyncConnection, actor: Actor, given: Credentials) -> None:
    consented = select(SignatureConsent.id).where(SignatureConsent.user_id == actor.user_id)
    if await connection.scalar(consented) is None:
        raise Conflict(
            "Accept first what an electronic signature means: POST /api/v1/quality/signature-consents.",
            code="consent_needed",
        )
    if given.username is None and await _is_first(connection, actor):
        raise Unauthenticated(
            "This is the first signature of this sign-in, or the first after a break: give `username` and `password`.",
            code="both_components_needed",
        )


async def _is_first(connection: AsyncConnection, actor: Actor) -> bool:
    recent = select(Signature.id).where(Signature.session_id == actor.session_id, Signature.signed_at > now() - BREAK)
    return await connection.scalar(recent.limit(1)) is None
