"""Where a request comes from, as the trail tells it."""

from fastapi import Request

from opsroom.core.actor import Actor
from opsroom.core.db.origin import AGENT_LIMIT, REASON_LIMIT, Origin

REASON_HEADER = b"x-reason"


def origin_of(request: Request, actor: Actor) -> Origin:
    return Origin(
        user_name=actor.name,
        user_id=actor.user_id,
        session_id=actor.session_id or actor.key_id,
        ip=request.client.host if request.client else None,
        user_agent=_header(request, b"user-agent", AGENT_LIMIT),
        request_id=getattr(request.state, "request_id", None),
        reason=_header(request, REASON_HEADER, REASON_LIMIT),
    )


def _header(request: Request, wanted: bytes, limit: int) -> str | None:
    """As UTF-8, which people type; the framework reads headers as Latin-1."""
    for name, value in request.scope["headers"]:
        if name == wanted:
            return bytes(value[: 4 * limit]).decode(errors="replace").strip()[:limit] or None
    return None
