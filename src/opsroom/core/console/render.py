"""Making a page: a template, the values for it, and what every page has (the rail, the viewer, the person).

    @router.get("/console/stores/week")
    async def week(request: Request, _actor: Annotated[Actor, allow("stores.sites.read")]) -> Response:
        return render(request, "stores/week.html", sites=sites)

A template of an app is named `<app>/<file>`, and is looked for in the `templates` folder of the package that
`App.templates` names; files in that package's `static` folder are `asset("<app>/<file>")`. It begins with

    {% extends "layout.html" %}
    {% import "ui.html" as ui with context %}
    {% block title %}Which stores were down this week?{% endblock %}
    {% block main %} … {% endblock %}

and may use, beside its own values: `actor`, `viewer`, `rail`, `path`, `asset(path)` and the filters of `words`.
"""

import gzip
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from opsroom.core.actor import ANONYMOUS, Actor
from opsroom.core.app import Page
from opsroom.core.clock import now
from opsroom.core.console.assets import Assets
from opsroom.core.console.catalogue import Catalogue
from opsroom.core.console.rail import rail_of
from opsroom.core.console.viewer import viewer_of

TOAST_COOKIE = "opsroom_toast"
WORTH_COMPRESSING = 1_000  # bytes
HEADERS = {"Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}


@dataclass(frozen=True, slots=True)
class Console:
    """What the pages share, kept at `app.state.console`.

    rail: the entries of all installed apps, in their order on the page
    catalogue: all declared resources
    shows_components: whether `/console/components` exists (not in production)
    """

    templates: Environment
    assets: Assets
    rail: tuple[Page, ...]
    catalogue: Catalogue
    default_zone: str
    shows_components: bool


def console_of(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A whole page, compressed where the browser takes that."""
    toast = unquote(request.cookies.get(TOAST_COOKIE, ""))
    content = html(request, template, toast=toast, **values).encode()
    headers = dict(HEADERS)
    # Here rather than in a middleware, which would also recompress downloads and delay live events.
    if len(content) > WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content, 5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    response = HTMLResponse(content, status_code=status, headers=headers)
    if toast:
        response.delete_cookie(TOAST_COOKIE, path="/console")
    return response


def html(request: Request, template: str, **values: Any) -> str:
    """The text of a template: a page, or a part of one for a live stream."""
    console = console_of(request)
    actor = actor_of(request)
    return console.templates.get_template(template).render(
        {
            "request": request,
            "actor": actor,
            "signed_in": actor.user_id is not None,
            "viewer": viewer_of(request),
            "rail": rail_of(console.rail, actor, request.url.path),
            "path": request.url.path,
            "asset": console.assets.url,
            "now": now(),
            "default_zone": console.default_zone,
            "shows_components": console.shows_components,
            "toast": "",
            **values,
        }
    )


def see_other(path: str, toast: str = "") -> Response:
    """To another page after a form was handled, which then says `toast` once."""
    response = RedirectResponse(path, status_code=303)
    if toast:
        response.set_cookie(
            TOAST_COOKIE, quote(toast), max_age=60, path="/console", httponly=True, samesite="lax"
        )  # fmt: skip
    return response


def actor_of(request: Request) -> Actor:
    """Whom the route's guard let in; nobody on a page without a guard."""
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    return actor
