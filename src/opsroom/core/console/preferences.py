"""Theme and zone, for browsers whose scripts are off; with scripts the page sets the same cookies itself."""

from collections.abc import Container
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from opsroom.core.auth.guards import PUBLIC, allow
from opsroom.core.console.render import see_other
from opsroom.core.console.sign_in import safe_place
from opsroom.core.console.viewer import THEME_COOKIE, THEMES, ZONE_COOKIE, zones

router = APIRouter(include_in_schema=False)
A_YEAR = 365 * 86_400


@router.post("/console/preferences", name="console_preferences", dependencies=[allow(PUBLIC)])
async def keep(request: Request) -> Response:
    """Set what the form sent and leave the other alone; an empty value goes back to system and browser."""
    response = see_other(_page_before(request))
    # Read here, because a declared form field would not tell an empty value from a missing one.
    async with request.form() as form:
        if "theme" in form:
            _set(response, THEME_COOKIE, str(form["theme"]), THEMES)
        if "zone" in form:
            _set(response, ZONE_COOKIE, str(form["zone"]), zones())
    return response


def _set(response: Response, name: str, value: str, known: Container[str]) -> None:
    kept = value.replace("/", "%2F") if value in known else ""
    # Readable by the page's script on purpose: it holds a taste, no right.
    response.set_cookie(name, kept, max_age=A_YEAR if kept else 0, path="/", samesite="lax")


def _page_before(request: Request) -> str:
    parts = urlsplit(request.headers.get("referer", ""))
    return safe_place(parts.path + (f"?{parts.query}" if parts.query else ""))
