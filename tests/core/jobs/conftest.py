"""What tests of jobs may ask for."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from tests.core.jobs.workshop import Workshop, writing

from opsroom.core.db.engine import Database
from opsroom.core.jobs.handler import JobType
from opsroom.core.jobs.queue import JobQueue

OpenWorkshop = Callable[..., Workshop]


@pytest.fixture
async def workshop(database: Database) -> OpenWorkshop:
    """A workshop for the given job types; without any, for one that writes its line."""
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE effects (line text)"))

    def make(*types: JobType[Any, Any]) -> Workshop:
        return Workshop(database, JobQueue(types or [writing()]))

    return make
