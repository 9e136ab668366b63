"""Who is asking, and whether they may. Every route carries exactly one `allow(...)`."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Select, bindparam, select
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from opsroom.core.actor import ANONYMOUS, Actor
from opsroom.core.auth.arrival import origin_of
from opsroom.core.auth.keys import PREFIX, usable_scopes
from opsroom.core.auth.last_use import LastUse
from opsroom.core.auth.models import ApiKey, Session, SessionKind, User
from opsroom.core.auth.standing import CHANGING, SignInRules, held_by, listed
from opsroom.core.auth.tokens import TokenPolicy, hash_secret, read_session_token
from opsroom.core.clock import now
from opsroom.core.db.compiled import typed_read
from opsroom.core.db.origin import set_origin
from opsroom.core.db.session import database_of
from opsroom.core.errors import Forbidden, Unauthenticated
from opsroom.core.logs import bind_actor

COOKIE = "opsroom_session"
PUBLIC = "public"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_STANDING: tuple[Any, ...] = (
    User.username, User.role, User.is_superuser, User.is_active, User.grants, User.must_change_password,
    User.password_changed_at,
)  # fmt: skip
_SIGN_IN: tuple[Any, ...] = (
    User.id, Session.kind, Session.token_hash, Session.expires_at, Session.revoked_at, Session.last_seen_at,
)  # fmt: skip
_KEY: tuple[Any, ...] = (
    ApiKey.id, ApiKey.user_id, ApiKey.scopes, ApiKey.expires_at, ApiKey.revoked_at, ApiKey.last_used_at,
)  # fmt: skip
_sign_in = (
    select(*_SIGN_IN, *_STANDING)
    .join(User, User.id == Session.user_id)
    .where(Session.id == bindparam("session_id"))
)  # fmt: skip
_key = (
    select(*_KEY, *_STANDING)
    .join(User, User.id == ApiKey.user_id)
    .where(ApiKey.key_hash == bindparam("key_hash"))
)  # fmt: skip


async def current_actor(request: Request) -> Actor:
    """The person behind a bearer token or the console's cookie; `ANONYMOUS` without either. Found once a request."""
    known: Actor | None = getattr(request.state, "actor", None)
    if known is not None:
        return known
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
        if actor.must_change_password:
            raise Forbidden(
                "Choose a new password first: POST /api/v1/auth/password, or your account in the console.",
                code="password_change_needed",
            )
        raise Forbidden(
            f"{actor.name} may not do this: it needs the permission {self.permission}. "
            "Ask an administrator for a role that has it.",
            permission=self.permission,
        )


def allow(permission: str) -> Any:
    return Depends(Allow(permission), scope="function")


class AllowUnseen(Allow):
    """For what has to answer while the database is away: nobody looks who is asking."""

    async def __call__(self) -> Actor:  # type: ignore[override]  # the framework reads what it takes from this very line
        return ANONYMOUS


def guard_of(route: APIRoute) -> Allow | None:
    return next((call for call in calls_of(route.dependant) if isinstance(call, Allow)), None)


def calls_of(dependant: Dependant) -> Iterator[object]:
    """What a route depends on, at any depth."""
    yield dependant.call
    for each in dependant.dependencies:
        yield from calls_of(each)


def guard_before_body(route: APIRoute) -> None:
    """Who may not send a body sends none: the framework reads all of it, to the disk if it is a file, and asks after
    the sender then.
    """
    guard, answer = guard_of(route), route.app
    if guard is None or guard.permission == PUBLIC or route.body_field is None:
        return

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        await guard(request, await current_actor(request))
        await answer(scope, receive, send)

    route.app = guarded


def answer_directly(route: BaseRoute, answer: Callable[[Request, Actor], Awaitable[Response | None]]) -> None:
    """Past the framework's solving of dependencies, which costs more than a statement; the guard stays the route's.

    What `answer` gives None for goes the framework's way, with the body that has arrived.
    """
    assert isinstance(route, APIRoute)  # noqa: S101  nothing else has a guard
    guard, otherwise = guard_of(route), route.app
    assert guard is not None  # noqa: S101  nor is any without

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        arrived: list[Message] = []

        async def keeping() -> Message:
            arrived.append(await receive())
            return arrived[-1]

        async def again() -> Message:
            return arrived.pop(0) if arrived else await receive()

        request = Request(scope, keeping, send)
        response = await answer(request, await guard(request, await current_actor(request)))
        await (otherwise(scope, again, send) if response is None else response(scope, receive, send))

    route.app = guarded


async def _actor_of(request: Request) -> Actor:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    credential = credential.strip()
    if scheme.lower() == "bearer" and credential.startswith(PREFIX):
        return await _by_key(request, credential)
    if scheme.lower() == "bearer" and credential:
        policy: TokenPolicy = request.app.state.tokens
        return await _signed_in(request, policy.session_of(credential), SessionKind.TOKEN)
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
    row = await _row(request, _sign_in, {"session_id": session_id})
    rules: SignInRules = request.app.state.sign_in_rules
    if row is None or row["kind"] is not kind or not _in_force(row):
        raise Unauthenticated("This sign-in is no longer valid; sign in again.", code="session_ended")
    if cookie_hash is not None:
        if cookie_hash != row["token_hash"] or rules.idle_too_long(row["last_seen_at"]):
            raise Unauthenticated("This session cookie is not valid; sign in again.", code="session_ended")
        _last_use(request).note(Session.last_seen_at, session_id, row["last_seen_at"])
    changing = rules.wants_new_password(row)
    return Actor(
        name=row["username"],
        user_id=row["id"],
        session_id=session_id,
        permissions=CHANGING if changing else held_by(row, request.app.state.role_permissions),
        is_superuser=row["is_superuser"] and not changing,
        must_change_password=changing,
    )


async def _by_key(request: Request, key: str) -> Actor:
    row = await _row(request, _key, {"key_hash": hash_secret(key)})
    if row is None or not _in_force(row):
        raise Unauthenticated("This API key is not valid, has expired or was revoked.", code="key_invalid")
    _last_use(request).note(ApiKey.last_used_at, row["id"], row["last_used_at"])
    held = usable_scopes(held_by(row, request.app.state.role_permissions))
    return Actor(
        name=row["username"],
        user_id=row["user_id"],
        permissions=held.intersection(listed(row["scopes"])),
        key_id=row["id"],
    )


async def _row(request: Request, query: Select[Any], values: dict[str, Any]) -> dict[str, Any] | None:
    database = database_of(request)
    return await typed_read(query, database.dialect_name).first(database.direct, values)


def _last_use(request: Request) -> LastUse:
    last_use: LastUse = request.app.state.last_use
    return last_use


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
