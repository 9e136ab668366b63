"""Who is asking, and whether they may. Every route carries exactly one `allow(...)`."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import bindparam, select

from opsroom.core.actor import ANONYMOUS, Actor
from opsroom.core.auth.arrival import origin_of
from opsroom.core.auth.models import Session, SessionKind, User
from opsroom.core.auth.roles import RolePermissions
from opsroom.core.auth.tokens import TokenPolicy, read_session_token
from opsroom.core.clock import now
from opsroom.core.db.compiled import typed_read
from opsroom.core.db.origin import set_origin
from opsroom.core.db.session import database_of
from opsroom.core.errors import Forbidden, Unauthenticated
from opsroom.core.logs import bind_actor

COOKIE = "opsroom_session"
PUBLIC = "public"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_sign_in = (
    select(
        User.id, User.username, User.role, User.is_superuser, User.is_active,
        Session.kind, Session.token_hash, Session.expires_at, Session.revoked_at,
    )
    .join(User, User.id == Session.user_id)
    .where(Session.id == bindparam("session_id"))
)  # fmt: skip


async def current_actor(request: Request) -> Actor:
    """The person behind a bearer token or the console's cookie; `ANONYMOUS` without either."""
    actor = await _actor_of(request)
    request.state.actor = actor
    bind_actor(actor.name)
    set_origin(origin_of(request, actor))
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor, scope="function")]


@dataclass(frozen=True, slots=True)
class Allow:
    """The guard of a route; the test that walks all routes reads `permission`."""

    permission: str

    async def __call__(self, request: Request, actor: CurrentActor) -> Actor:
        if self.permission == PUBLIC or actor.may(self.permission):
            return actor
        if request.scope["route"].name in request.app.state.open_operations:
            return actor
        if actor is ANONYMOUS:
            raise Unauthenticated("Sign in first: this needs a token or a session.")
        raise Forbidden(
            f"{actor.name} may not do this: it needs the permission {self.permission}. "
            "Ask an administrator for a role that has it.",
            permission=self.permission,
        )


def allow(permission: str) -> Any:
    return Depends(Allow(permission), scope="function")


async def _actor_of(request: Request) -> Actor:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        policy: TokenPolicy = request.app.state.tokens
        return await _signed_in(request, policy.session_of(credential.strip()), SessionKind.TOKEN)
    cookie = read_session_token(request.cookies.get(COOKIE, ""))
    if cookie is None:
        return ANONYMOUS
    refuse_other_sites(request)
    try:
        return await _signed_in(request, cookie.session_id, SessionKind.CONSOLE, cookie_hash=cookie.hash)
    except Unauthenticated:
        # An expired cookie is sent until the browser forgets it; it must not lock its owner out of public pages.
        return ANONYMOUS


async def _signed_in(request: Request, session_id: UUID, kind: SessionKind, cookie_hash: str | None = None) -> Actor:
    database = database_of(request)
    row = await typed_read(_sign_in, database.dialect_name).first(database.direct, {"session_id": session_id})
    if row is None or row["kind"] is not kind or not _in_force(row):
        raise Unauthenticated("This sign-in is no longer valid; sign in again.", code="session_ended")
    if cookie_hash is not None and cookie_hash != row["token_hash"]:
        raise Unauthenticated("This session cookie is not valid; sign in again.", code="session_ended")
    permissions: RolePermissions = request.app.state.role_permissions
    return Actor(
        name=row["username"],
        user_id=row["id"],
        session_id=session_id,
        permissions=permissions.of(row["role"]),
        is_superuser=row["is_superuser"],
    )


def _in_force(row: dict[str, Any]) -> bool:
    return row["is_active"] and row["revoked_at"] is None and row["expires_at"] > now()


def refuse_other_sites(request: Request) -> None:
    """A cookie travels with requests that other sites cause; those may read nothing and write nothing."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is None:
        origin = request.headers.get("origin")
        host = request.headers.get("host", "")
        site = "same-origin" if origin is None or origin.partition("://")[2] == host else "cross-site"
    if site not in {"same-origin", "none"}:
        raise Forbidden("This request came from another site and was refused.", code="cross_site")
