"""Figures of the whole fleet as pages show them, computed once while nothing that they rest on changes.

The question holds the state of the trail for every table below, so whatever writes to one of them makes another
question of it (decision 0018). Polls themselves are not in the trail; each door by which they come in leaves an event
there. Only who writes polls with SQL of their own, past the program, waits for the minute that an answer is kept. The
API, reports and commands never answer from here.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom import __version__
from opsroom.core.audit.changes import state_of
from opsroom.core.cache import Cache, Packing
from opsroom.stores.options import options_from

T = TypeVar("T")

TABLES = (
    "stores",
    "business_hours",
    "maintenance_windows",
    "sla_policies",
    "observation_imports",
    "observation_archives",
    "store_observations",
)


async def recent(
    request: Request,
    connection: AsyncConnection,
    packing: Packing[T],
    question: Any,
    compute: Callable[[], Awaitable[T]],
) -> T:
    state = await state_of(connection, TABLES)
    if state is None:
        return await compute()
    cache: Cache = request.app.state.cache
    options = options_from(request.app.state.options)
    return await cache.answer(packing, (question, state, options, __version__), compute)
