"""What a browser sees instead of a problem document: to the sign-in, or a page that says what to do."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import Request, Response

from opsroom.core.auth.guards import current_actor
from opsroom.core.console.account import ACCOUNT
from opsroom.core.console.render import actor_of, render, see_other
from opsroom.core.console.sign_in import SIGN_IN

TITLES = {
    HTTPStatus.FORBIDDEN: "You may not see this",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.CONFLICT: "That cannot be done now",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something in that request is not valid",
    HTTPStatus.SERVICE_UNAVAILABLE: "A part of the house does not answer",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here",
}


async def error_page(request: Request, status: int, document: dict[str, Any]) -> Response:
    """The hook of `core.web`: called for every refusal and crash below `/console`."""
    if status == HTTPStatus.UNAUTHORIZED:
        return _to_sign_in(request)
    if actor_of(request).must_change_password and request.method == "GET":
        return see_other(ACCOUNT)
    await _find_actor(request)
    if request.scope.get("route") is None:
        document = document | {"detail": f"No page has the address {request.url.path}. It may be mistyped, or too old."}
    title = TITLES.get(HTTPStatus(status), HTTPStatus(status).phrase)
    return render(request, "error.html", status=status, code=status, title=title, problem=document)


def _to_sign_in(request: Request) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request"):
        # A part of a page was asked for: the whole page goes, and comes back to where it was.
        page = request.headers.get("hx-current-url", "")
        return Response(status_code=401, headers={"HX-Redirect": f"{SIGN_IN}?next={quote(_path_of(page))}"})
    back = f"?next={quote(wanted)}" if request.method == "GET" else ""
    return Response(status_code=303, headers={"Location": SIGN_IN + back, "Cache-Control": "no-store"})


def _path_of(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


async def _find_actor(request: Request) -> None:
    """For the rail of an error page whose route had no guard, such as an unknown path."""
    if actor_of(request).user_id is not None:
        return
    try:
        await current_actor(request)
    except Exception as error:  # noqa: BLE001  the page about an error must not fail for the same cause
        structlog.get_logger("opsroom").warning("error page without a person", error=repr(error))
