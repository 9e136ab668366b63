"""The log of slow statements."""

import sqlite3

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from opsroom.core.db.engine import Database, PoolOptions

# Counts on SQLite, waits on PostgreSQL.
LONG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300000) SELECT max(i), :who FROM n",
    "postgresql": "SELECT pg_sleep(0.2), CAST(:who AS text)",
}
FAR_BELOW = 0.01


@pytest.fixture
async def watching(database_url: str) -> Database:
    return Database(database_url, PoolOptions(slow_statement=FAR_BELOW))


def slow(logs: list[structlog.typing.EventDict]) -> list[structlog.typing.EventDict]:
    return [each for each in logs if each["event"] == "slow statement"]


async def test_a_slow_statement_is_told_with_its_time_and_without_its_values(watching: Database) -> None:
    sql = LONG[watching.dialect_name]
    with capture_logs() as logs:
        async with watching.reading() as connection:
            await connection.execute(text(sql), {"who": "wanjiru"})
    await watching.close()
    (told,) = [each for each in slow(logs) if "max(i)" in each["sql"] or "pg_sleep" in each["sql"]]
    assert told["seconds"] >= FAR_BELOW
    assert told["log_level"] == "warning"
    assert "wanjiru" not in str(told)


async def test_one_that_fails_after_long_is_told_too(watching: Database) -> None:
    sql = {
        "sqlite": LONG["sqlite"].replace("max(i)", "abs(-9223372036854775807 - (max(i) > 0))"),
        "postgresql": "SELECT 1 / length(CAST(pg_sleep(0.2) AS text))",
    }[watching.dialect_name].replace(":who", "'otieno'")
    with capture_logs() as logs:
        async with watching.reading() as connection:
            with pytest.raises((DBAPIError, sqlite3.Error)):
                await connection.execute(text(sql))
    await watching.close()
    assert [each for each in slow(logs) if "abs(" in each["sql"] or "pg_sleep" in each["sql"]]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_read_past_sqlalchemy_is_told_too(watching: Database) -> None:
    with capture_logs() as logs:
        await watching.direct.fetch("SELECT pg_sleep(0.2)", ())
    await watching.close()
    assert [each["sql"] for each in slow(logs)] == ["SELECT pg_sleep(0.2)"]


async def test_without_a_threshold_nothing_is_told(database_url: str) -> None:
    database = Database(database_url, PoolOptions(slow_statement=0))
    with capture_logs() as logs:
        async with database.reading() as connection:
            await connection.execute(text(LONG[database.dialect_name]), {"who": "wanjiru"})
    await database.close()
    assert slow(logs) == []
