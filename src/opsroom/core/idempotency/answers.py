"""`Idempotency-Key`: a POST that is repeated with the same key takes effect once and is answered alike.

    claim    the first statement of the request's unit of work: a row that says who asked what, where, by which key
    work     the route, whatever it does
    fill     the last statement: what it answers

All three commit together, so a process that dies leaves the answer and the effect, or neither. A claim that meets
another's waits until that one has ended. What was refused leaves nothing, and is done anew when it is repeated.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response
from fastapi.routing import APIRoute, request_response
from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Receive, Scope, Send
from uuid_utils.compat import uuid7

from opsroom.core.auth.guards import PUBLIC, Allow, calls_of, current_actor, guard_of
from opsroom.core.db.engine import Database
from opsroom.core.db.session import begin_with, database_of, session_of, unit_of_work
from opsroom.core.errors import Conflict, Invalid, TooLarge
from opsroom.core.idempotency.models import IdempotentAnswer
from opsroom.core.openapi import parameter

HEADER = "Idempotency-Key"
NAME = HEADER.lower().encode()
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,200}")
KEPT_HEADERS = ("content-type", "etag", "location")
BOUNDARY = re.compile(rb'^multipart/.*;\s*boundary="?([^";,]+)', re.IGNORECASE)
MOST_BODY = 16 << 20  # it is held in memory while its fingerprint is taken
DESCRIBED = parameter(
    "header",
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "drawn by the caller: a repeated request with the same key is not done again but answered as the first time",
)

Handler = Callable[[Request], Awaitable[Response]]


class AnsweredAlready(Exception):  # noqa: N818  nothing went wrong
    """Raised by a claim whose key has an answer; the unit of work that it began ends with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    user_id: UUID
    place: str
    key: str
    fingerprint: str

    @property
    def names(self) -> ColumnElement[bool]:
        kept = IdempotentAnswer
        here = and_(kept.user_id == self.user_id, kept.place == self.place)
        return and_(here, kept.idempotency_key == self.key)


def repeatable(route: APIRoute) -> None:
    """Have a POST route heed the header, if it writes in a unit of work and is not open to all."""
    guard = guard_of(route)
    writes = unit_of_work in calls_of(route.dependant)
    if "POST" not in (route.methods or ()) or not writes or not route.include_in_schema:
        return
    if guard is None or guard.permission == PUBLIC:
        return
    extra = route.openapi_extra or {}
    route.openapi_extra = extra | {"parameters": [*extra.get("parameters", ()), DESCRIBED]}
    plainly, repeatably = route.app, request_response(_answering(route.get_route_handler(), guard))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        has_key = any(name == NAME for name, _ in scope["headers"])
        await (repeatably if has_key else plainly)(scope, receive, send)

    route.app = answer


def _answering(handle: Handler, guard: Allow) -> Handler:
    async def answer(request: Request) -> Response:
        key, actor = request.headers[HEADER], await current_actor(request)
        if actor.user_id is None:
            # Strangers are one actor: who guessed another's key would be told the other's answer.
            return await handle(request)
        await guard(request, actor)
        asked = await _asked(request, key, actor.user_id)
        begin_with(request, lambda session: _claim(session, asked))
        try:
            response = await handle(request)
        except AnsweredAlready:
            return await _repeated(database_of(request), asked)
        await _fill(session_of(request), asked, response)
        return response

    return answer


async def _asked(request: Request, key: str, user_id: UUID) -> Asked:
    if not KEY.fullmatch(key):
        raise Invalid(f"{HEADER}: up to 200 visible ASCII characters are wanted.", field=HEADER)
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > MOST_BODY:
        raise TooLarge(
            f"With {HEADER} a body has at most {MOST_BODY} bytes and says so in Content-Length.", limit_bytes=MOST_BODY
        )
    kind, body = _as_repeated(request.headers.get("content-type", "").encode(), await request.body())
    parts = (request.scope["query_string"], kind, body)
    fingerprint = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
    place = hashlib.sha256(request.url.path.encode())
    return Asked(user_id, place.hexdigest(), key, fingerprint.hexdigest())


def _as_repeated(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Content type and body without the boundary of a form, which clients draw anew whenever they send it."""
    boundary = BOUNDARY.search(kind)
    if boundary is None:
        return kind, body
    return kind.replace(boundary[1], b""), body.replace(b"--" + boundary[1], b"--")


async def _claim(session: AsyncSession, asked: Asked) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    claim = insert(IdempotentAnswer).values(
        id=uuid7(),
        user_id=asked.user_id,
        place=asked.place,
        idempotency_key=asked.key,
        fingerprint=asked.fingerprint,
    )
    if (await session.execute(claim.on_conflict_do_nothing().returning(IdempotentAnswer.id))).scalar() is None:
        raise AnsweredAlready


async def _fill(session: AsyncSession, asked: Asked, response: Response) -> None:
    told = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    shown_once = "no-store" in response.headers.get("cache-control", "")
    await session.execute(
        update(IdempotentAnswer)
        .where(asked.names)
        .values(status=response.status_code, headers=told, body=None if shown_once else bytes(response.body))
        .execution_options(synchronize_session=False)
    )


async def _repeated(database: Database, asked: Asked) -> Response:
    kept = IdempotentAnswer
    async with database.reading() as connection:
        row = (
            await connection.execute(select(kept.fingerprint, kept.status, kept.headers, kept.body).where(asked.names))
        ).one_or_none()
    if row is None:  # its hours ended at this very moment
        raise Conflict("This key was just forgotten; repeat the request with a new one.", code="idempotency_key_old")
    if row.fingerprint != asked.fingerprint:
        raise Conflict(
            "This key was used for another request already; draw a new one for each.", code="idempotency_key_reused"
        )
    if row.body is None:
        raise Conflict("This was done already, and its answer is shown only once.", code="answer_shown_once")
    return Response(row.body, row.status, {**row.headers, REPLAYED: "true"})
