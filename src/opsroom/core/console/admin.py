"""`/console/admin`: the way to everything about the platform itself, and to all lists of records."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import heading, list_path, title_of
from opsroom.core.console.render import actor_of, console_of, render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Door:
    title: str
    path: str
    question: str


@router.get("/console/admin", name="console_admin", dependencies=[allow("health.read")])
async def admin(request: Request) -> Response:
    return render(request, "admin.html", doors=_lists(request))


def _lists(request: Request) -> Sequence[Door]:
    """Those of all apps, by name; nested ones are reached through their parents."""
    catalogue = console_of(request).catalogue
    found = [Door(title_of(each), list_path(each), heading(each)) for each in catalogue.tops(actor_of(request))]
    return sorted(found, key=lambda door: door.title)
