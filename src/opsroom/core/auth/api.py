"""`/api/v1/auth`: tokens for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm

from opsroom.core.actor import Actor
from opsroom.core.auth import actions
from opsroom.core.auth.doorkeeper import Doorkeeper, TheDoorkeeper, wrong_credentials
from opsroom.core.auth.guards import PUBLIC, allow
from opsroom.core.auth.models import SessionKind, User
from opsroom.core.auth.schemas import Myself, PasswordChange, RefreshRequest, TokenPair
from opsroom.core.auth.tokens import SessionToken, TokenPolicy
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.errors import Invalid, Unauthenticated

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"])


def tokens_of(request: Request) -> TokenPolicy:
    policy: TokenPolicy = request.app.state.tokens
    return policy


Policy = Annotated[TokenPolicy, Depends(tokens_of)]


@router.post("/token", dependencies=[allow(PUBLIC)])
async def create_token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    database: TheDatabase,
    doorkeeper: TheDoorkeeper,
    policy: Policy,
) -> TokenPair:
    """Sign in with username and password (OAuth 2 password form)."""
    attempt = await doorkeeper.verify(form.username, form.password)
    async with database.transaction() as session:
        user = (await doorkeeper.decide(session, attempt)).user
        if user is not None:
            token = await actions.open_session(
                session,
                user,
                SessionKind.TOKEN,
                policy,
                ip=request.client.host if request.client else None,
                user_agent=request.headers.get("user-agent"),
            )
            return _pair(policy, user, token)
    raise wrong_credentials()


@router.post("/refresh", dependencies=[allow(PUBLIC)])
async def refresh_token(body: RefreshRequest, database: TheDatabase, policy: Policy) -> TokenPair:
    """Exchange a refresh token, once; a replayed one ends the sign-in it belongs to."""
    async with database.transaction() as session:
        rotated = await actions.rotate(session, body.refresh_token, policy)
    if rotated is None:
        raise Unauthenticated("This refresh token is not valid any more; sign in again.", code="refresh_invalid")
    return _pair(policy, *rotated)


@router.post("/sign-out", status_code=204)
async def sign_out(session: Unit, actor: Annotated[Actor, allow("account.write")]) -> None:
    """End this sign-in; its tokens are refused from now on."""
    if actor.session_id is not None:
        await actions.close_session(session, actor.session_id)


@router.post("/password", status_code=204)
async def change_password(
    body: PasswordChange,
    database: TheDatabase,
    doorkeeper: TheDoorkeeper,
    actor: Annotated[Actor, allow("account.write")],
) -> None:
    """Change one's own password; every sign-in of the person ends, keys go on."""
    await replace_own_password(database, doorkeeper, actor, body)


@router.get("/me")
async def read_myself(actor: Annotated[Actor, allow("account.read")]) -> Myself:
    return Myself(username=actor.name, permissions=sorted(actor.permissions))


async def replace_own_password(
    database: Database, doorkeeper: Doorkeeper, actor: Actor, change: PasswordChange
) -> None:
    """
    Raises:
        Unauthenticated: the present password is another one.
        Invalid: the new one is the present one.
    """
    attempt = await doorkeeper.verify(actor.name, change.current_password)
    if attempt.right and change.new_password == change.current_password:
        raise Invalid("This is the password there is; choose another.", field="new_password")
    fresh = await actions.fresh_password(change.new_password)
    async with database.transaction() as session:
        user = (await doorkeeper.decide(session, attempt)).user
        if user is not None:
            await actions.set_password(session, user, fresh)
            return
    raise wrong_credentials()


def _pair(policy: TokenPolicy, user: User, token: SessionToken) -> TokenPair:
    return TokenPair(
        access_token=policy.access_token(user.id, token.session_id, now()),
        refresh_token=str(token),
        expires_in=int(policy.access_lifetime.total_seconds()),
    )
