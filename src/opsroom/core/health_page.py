"""`/console/health`: the answer of `/api/health`, for people."""

from typing import Any

from fastapi import APIRouter, Request, Response

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.db.session import TheDatabase
from opsroom.core.health import health

router = APIRouter(include_in_schema=False)


@router.get("/console/health", name="console_health", dependencies=[allow("health.read")])
async def health_page(request: Request, database: TheDatabase) -> Response:
    answer = Response()
    found: dict[str, Any] = await health(request, database, answer)
    return render(request, "health.html", status=answer.status_code, health=found)
