"""The edge: request ids, limits, headers, logs, metrics, and the one rendering of every error."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from opsroom.core.db.refusals import DATABASE_ERRORS, refusal_from
from opsroom.core.errors import BadRequest, Invalid, Refusal, TooLarge, TooSlow, disk_refusal
from opsroom.core.metrics import Metrics

PROBLEM = "application/problem+json"
REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
CONTENT_POLICY = (
    b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    b"frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"content-security-policy", CONTENT_POLICY),
)
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")  # said over HTTPS only, where browsers believe it
LEAST_RATE = 1024  # bytes a second below which a body is not arriving but holding a place
BREAKS_ANSWERS: tuple[type[Exception], ...] = (OSError, *DATABASE_ERRORS)  # have handlers, come while one is sent too

log = structlog.get_logger("opsroom.request")

ErrorPage = Callable[[Request, int, dict[str, Any]], Awaitable[Response]]


class Edge:
    """Outermost middleware: names the request, times it, logs one line and sets the security headers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        headers = [(b"x-request-id", request_id.encode()), *HEADERS]
        if scope["scheme"] == "https":
            headers.append(HTTPS_ONLY)
        started = time.perf_counter()
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        answering = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, answering
            if message["type"] == "http.response.start":
                answering = True
                status = int(message["status"])
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except RuntimeError as error:
            # Starlette hides what broke an answer on its way behind the complaint that it cannot answer anew.
            if answering and isinstance(error.__cause__, BREAKS_ANSWERS):
                raise error.__cause__ from None
            raise
        finally:
            seconds = time.perf_counter() - started
            self.metrics.observe_request(scope["method"], _template(scope), status, seconds)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            )


class BodyLimit:
    """Refuses bodies above the limit, at once when they say so, else while they arrive; and those that trickle in.

    Routes whose path ends in an upload suffix have a limit of their own: the path as declared, not as requested,
    which may end in anything. grace: seconds that a body may take beside the time that its bytes are worth.
    """

    def __init__(
        self, app: ASGIApp, *, limit: int, upload_limit: int, upload_paths: tuple[str, ...], grace: float
    ) -> None:
        self.app = app
        self.limit = limit
        self.upload_limit = upload_limit
        self.upload_paths = upload_paths
        self.grace = grace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = _declared_length(scope)
        arrived, waited, is_whole = 0, 0.0, False

        async def limited() -> Message:
            nonlocal seen, arrived, waited, is_whole
            if is_whole:  # what is awaited now is the end of the connection
                return await receive()
            self._check(scope, seen)
            begun = time.monotonic()
            try:
                async with asyncio.timeout(self.grace + arrived / LEAST_RATE - waited):
                    message = await receive()
            except TimeoutError:
                raise _unread(TooSlow("The request body arrived too slowly; send it again.")) from None
            waited += time.monotonic() - begun
            arrived += len(message.get("body", b""))
            seen = max(seen, arrived)
            self._check(scope, seen)
            is_whole = not message.get("more_body", False)
            return message

        await self.app(scope, limited, send)

    def _check(self, scope: Scope, seen: int) -> None:
        limit = self.upload_limit if _template(scope).endswith(self.upload_paths) else self.limit
        if seen > limit:
            raise _unread(TooLarge(f"The request body is larger than {limit} bytes.", limit_bytes=limit))


def install_error_handlers(app: FastAPI) -> None:
    """Every error leaves as a problem document, or as a page for a browser that asks for one."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> Response:
        return await problem(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return await problem(request, _invalid(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        # FastAPI calls whatever goes wrong while a body arrives a bad request, our own limit and a full disk too.
        refusal = error.__cause__ if isinstance(error.__cause__, Refusal) else disk_refusal(error.__cause__)
        if refusal is not None:
            return await problem(request, refusal)
        return await _respond(request, error.status_code, _http_document(request, error), dict(error.headers or {}))

    async def database(request: Request, error: Exception) -> Response:
        refusal = refusal_from(error)
        return await problem(request, refusal) if refusal else await crashed(request, error)

    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, database)

    @app.exception_handler(OSError)
    async def disk(request: Request, error: OSError) -> Response:
        refusal = disk_refusal(error)
        return await problem(request, refusal) if refusal else await crashed(request, error)

    @app.exception_handler(Exception)
    async def crashed(request: Request, error: Exception) -> Response:
        structlog.get_logger("opsroom").error("unhandled", exc_info=error)
        document = {
            "title": "Internal Server Error",
            "code": "internal_error",
            "detail": "Something went wrong here. It has been logged; give the request id when you report it.",
        }
        return await _respond(request, 500, document)


async def problem(request: Request, refusal: Refusal) -> Response:
    document = {
        "title": refusal.status.phrase,
        "code": refusal.code,
        "detail": refusal.sentence,
        **refusal.facts,
    }
    return await _respond(request, refusal.status, document, refusal.headers)


async def _respond(
    request: Request, status: int, document: dict[str, Any], headers: dict[str, str] | None = None
) -> Response:
    request_id = getattr(request.state, "request_id", None)
    document = {"type": "about:blank", "status": int(status), **document, "request_id": request_id}
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if page is not None and request.url.path.startswith("/console"):
        return await page(request, int(status), document)
    return JSONResponse(document, status_code=status, headers=headers, media_type=PROBLEM)


def _http_document(request: Request, error: HTTPException) -> dict[str, Any]:
    status = HTTPStatus(error.status_code)
    detail = str(error.detail)
    if status is HTTPStatus.NOT_FOUND and detail == status.phrase:
        detail = f"There is nothing at {request.url.path}; the paths are listed at /docs."
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not among the methods of {request.url.path}, which the header Allow lists."
    elif status is HTTPStatus.BAD_REQUEST and error.__cause__ is not None:
        detail = "The request body cannot be read; it must be what its Content-Type says."
    return {"title": status.phrase, "code": status.name.lower(), "detail": detail}


def _invalid(error: RequestValidationError) -> Refusal:
    problems = [
        {
            "field": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
            "message": item["msg"],
        }
        for item in error.errors()
    ]
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return BadRequest("The request body is not valid JSON.", code="malformed_json", errors=problems)
    named = "; ".join(f"{item['field']}: {item['message']}" for item in problems[:5])
    return Invalid(f"The request is not valid: {named}.", errors=problems)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.match(value.decode("latin-1")):
            return str(value.decode("latin-1"))
    return str(uuid7())


def _unread(refusal: Refusal) -> Refusal:
    """The rest of the body is not waited for."""
    refusal.headers = {"Connection": "close"}
    return refusal


def _declared_length(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() and len(length) < 20 else 0


def _template(scope: Scope) -> str:
    """The route's path with its placeholders: a label with few values."""
    return getattr(scope.get("route"), "path", "unmatched")
