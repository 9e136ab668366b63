"""The trail as tests read it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.db.engine import Database

Entry = dict[str, Any]
Trail = Callable[[], Awaitable[list[Entry]]]


@pytest.fixture
async def trail(database: Database) -> Trail:
    """What has been added to the trail since the test began, in order."""
    async with database.reading() as connection:
        last = await connection.scalar(select(func.max(AUDIT_LOG.c.id))) or 0

    async def read() -> list[Entry]:
        async with database.reading() as connection:
            rows = await connection.execute(select(AUDIT_LOG).where(AUDIT_LOG.c.id > last).order_by(AUDIT_LOG.c.id))
            return [dict(row) for row in rows.mappings()]

    return read
