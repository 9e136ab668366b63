"""`/console/components`: every component in every state, to look at; not in production."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.console.render import console_of, render
from opsroom.core.console.states import KINDS
from opsroom.core.errors import NotFound

router = APIRouter(include_in_schema=False)

# A week of one site, as fractions of the bar.
WEEK = (
    (0.0, 0.31, "up", "up, Mon 08:00 to Wed 10:10"),
    (0.31, 0.36, "down", "down, 8 h 24 min"),
    (0.36, 0.62, "up", "up"),
    (0.62, 0.7, "unknown", "not observed, 13 h 26 min"),
    (0.7, 0.82, "up", "up"),
    (0.82, 0.9, "excused", "maintenance"),
    (0.9, 1.0, "up", "up"),
)
DAYS = tuple((at / 7, day) for at, day in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")))


@router.get("/console/components", name="console_components", dependencies=[allow("console.read")])
async def components(request: Request) -> Response:
    if not console_of(request).shows_components:
        raise NotFound(f"There is nothing at {request.url.path}.")
    at = now()
    moments = [at - timedelta(seconds=seconds) for seconds in (3, 250, 12_000, 400_000)]
    return render(request, "components.html", kinds=KINDS, week=WEEK, days=(*DAYS, (1.0, "")), moments=moments)
