"""When a key or a session was last used, noted at most once a minute and behind the answers, never before them."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, update
from sqlalchemy.orm import InstrumentedAttribute

from opsroom.core.clock import now
from opsroom.core.db.engine import Database

COARSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LastUse:
    database: Database
    _under_way: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    def note(self, column: InstrumentedAttribute[Any], row_id: UUID, last: datetime | None) -> None:
        """`last`: what the column said when the row was read."""
        if (last is not None and now() - last < COARSE) or row_id in self._under_way:
            return
        task = asyncio.create_task(self._write(column, row_id))
        self._under_way[row_id] = task
        task.add_done_callback(lambda _done: self._under_way.pop(row_id, None))

    async def settled(self) -> None:
        """Until all that was noted is written."""
        await asyncio.gather(*self._under_way.values())

    async def _write(self, column: InstrumentedAttribute[Any], row_id: UUID) -> None:
        model: Any = column.class_
        at = now()
        older = or_(column.is_(None), column < at - COARSE)
        try:
            async with self.database.transaction() as session:
                change = update(model).where(model.id == row_id, older).values({column.key: at})
                await session.execute(change.execution_options(synchronize_session=False))
        except Exception as error:  # noqa: BLE001  what was asked for was answered all the same
            structlog.get_logger("opsroom.auth").warning("last use not noted", error=repr(error))
