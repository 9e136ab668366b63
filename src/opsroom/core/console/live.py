"""Parts of a page that follow the database: rendered here again whenever what they show has changed.

A template marks the part, whose inner HTML each message replaces:

    <div hx-sse:connect="{{ live_path }}" hx-swap="innerMorph">…</div>

The browser comes back by itself after a lost connection, closes the stream of a hidden tab, and gets the
present state first, so that a reload in the middle of a job shows where it is.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.db.engine import Database
from opsroom.core.db.session import database_of

LOOK_EVERY = 1.0  # seconds between looks while somebody watches
LIFETIME = 300.0  # seconds; then the browser comes back and its permission is checked anew

T = TypeVar("T")


def stream(
    request: Request,
    load: Callable[[AsyncConnection], Awaitable[T]],
    draw: Callable[[T], str],
    ended: Callable[[T], bool] = lambda _seen: False,
) -> StreamingResponse:
    """Server-sent events: one unnamed message with HTML for each change, and `end` after the last one.

    load: reads what is shown; compared with `==`
    draw: the HTML for it
    ended: whether it cannot change any more
    """
    return StreamingResponse(
        _events(request, database_of(request), load, draw, ended),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    request: Request,
    database: Database,
    load: Callable[[AsyncConnection], Awaitable[T]],
    draw: Callable[[T], str],
    ended: Callable[[T], bool],
) -> AsyncIterator[str]:
    until = time.monotonic() + LIFETIME
    last: T | None = None
    while time.monotonic() < until and not await request.is_disconnected():
        async with database.reading() as connection:
            seen = await load(connection)
        if seen != last:
            yield message(draw(seen))
            last = seen
        if ended(seen):
            yield message("", event="end")
            return
        await asyncio.sleep(LOOK_EVERY)


def message(text: str, event: str = "") -> str:
    """One event of the stream; every line of the text becomes a `data` line."""
    name = f"event: {event}\n" if event else ""
    return name + "".join(f"data: {line}\n" for line in text.splitlines() or [""]) + "\n"
