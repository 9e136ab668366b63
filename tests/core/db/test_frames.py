"""Big reads end in time, whatever they ask for."""

import asyncio

import pytest

from opsroom.core.db.engine import Database, PoolOptions
from opsroom.core.db.frames import Read, read_frames


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_read_that_takes_longer_than_the_setting_is_stopped_by_the_server(database_url: str) -> None:
    database = Database(database_url, PoolOptions(long_statement_timeout=0.2))
    try:
        with pytest.raises(Exception, match="statement timeout"):
            await asyncio.to_thread(read_frames, database, [Read("SELECT pg_sleep(600)", ("nothing",))])
    finally:
        await database.close()


async def test_a_read_within_it_is_not(database: Database) -> None:
    (frame,) = await asyncio.to_thread(read_frames, database, [Read("SELECT 1 AS a, 2 AS b", ("one", "two"))])
    assert frame.rows() == [(1, 2)]
