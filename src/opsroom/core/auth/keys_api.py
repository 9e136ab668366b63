"""`/api/v1/api-keys`: making and revoking them; lists and single keys are declared."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.auth.keys import create_key, revoke_key
from opsroom.core.auth.models import ApiKey, User
from opsroom.core.auth.schemas import ApiKeyAsked, ApiKeyCreated, ApiKeyRead
from opsroom.core.auth.standing import SignInRules
from opsroom.core.db.session import Unit
from opsroom.core.errors import Forbidden

router = APIRouter(prefix="/api/v1/api-keys", tags=["api keys"])

Owner = Annotated[Actor, allow("keys.write")]


async def rules_of(request: Request) -> SignInRules:
    rules: SignInRules = request.app.state.sign_in_rules
    return rules


Rules = Annotated[SignInRules, Depends(rules_of)]


@router.post("", status_code=201)
async def create_api_key(
    body: ApiKeyAsked, actor: Owner, session: Unit, rules: Rules, response: Response
) -> ApiKeyCreated:
    """A key for a program of yours; its secret is shown this once."""
    key, secret = await create_own_key(session, rules, actor, body)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"{router.prefix}/{key.id}"
    return ApiKeyCreated(**ApiKeyRead.model_validate(key).model_dump(), secret=secret)


@router.post("/{api_key_id}/revoke")
async def revoke_api_key(api_key_id: UUID, actor: Owner, session: Unit) -> ApiKeyRead:
    """End a key, at once and for good: one's own, or anybody's for who looks after people."""
    return ApiKeyRead.model_validate(await revoke_key(session, api_key_id, whose(actor)))


async def create_own_key(
    session: AsyncSession, rules: SignInRules, actor: Actor, asked: ApiKeyAsked
) -> tuple[ApiKey, str]:
    """
    Raises:
        Forbidden: nobody signed in, which a key itself is not.
    """
    if actor.user_id is None or actor.session_id is None:
        raise Forbidden("Only a person who signed in can make a key.", code="keys_need_a_person")
    owner = await session.get_one(User, actor.user_id)
    return await create_key(session, owner, asked, actor.permissions, rules.key_lifetime)


def whose(actor: Actor) -> UUID | None:
    """Whose keys somebody may end: `None` for everybody's."""
    return None if actor.may("users.write") else actor.user_id
