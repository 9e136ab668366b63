"""Overviews that were computed a moment ago, so that a page of the whole fleet opens at once.

An answer is given again only while nothing it depends on has visibly changed (the latest poll, imports, stores, hours,
maintenance), and for a minute at most: late polls that change none of these show after that minute. Pages say as of
when they speak. The API, reports and commands never answer from here.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from fastapi import Request
from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.stores.maintenance.models import MaintenanceWindow
from opsroom.stores.models import BusinessHour, ObservationImport, Store
from opsroom.stores.sla.models import SlaPolicy
from opsroom.stores.snapshot import latest_of_all

SECONDS = 60.0
KEPT = 64


class Recent:
    """At most one computation of each question at a time; whoever asks meanwhile waits for it."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def answer(self, question: Hashable, compute: Callable[[], Awaitable[Any]]) -> Any:
        async with self._locks.setdefault(question, asyncio.Lock()):
            found = self._answers.get(question)
            if found is None or found[0] < time.monotonic():
                found = (time.monotonic() + SECONDS, await compute())
                self._answers[question] = found
                while len(self._answers) > KEPT:
                    forgotten, _ = self._answers.popitem(last=False)
                    self._locks.pop(forgotten, None)
        return found[1]


def recent_of(request: Request) -> Recent:
    """The process's own."""
    state = request.app.state
    if not hasattr(state, "recent_stores"):
        state.recent_stores = Recent()
    recent: Recent = state.recent_stores
    return recent


async def stamp(connection: AsyncConnection) -> tuple[Hashable, ...]:
    """Changes with nearly everything that an overview depends on, and is cheap to read."""
    tables = (Store, BusinessHour, MaintenanceWindow, ObservationImport, SlaPolicy)
    parts = [select(func.count().label("rows"), func.max(table.updated_at).label("latest")) for table in tables]
    rows = (await connection.execute(union_all(*parts))).all()
    return (await latest_of_all(connection), *(tuple(map(str, row)) for row in rows))
