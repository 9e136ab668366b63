"""One store is read by index, whatever the size of the table."""

import re

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from tests.stores.conftest import HOURS, STATUS, ZONES, HandIn

from opsroom.core.db.engine import Database

FULL_SCAN = re.compile(
    r"Seq Scan on (store_observations|stores|business_hours)|\bSCAN (o|p|n|store_observations)\b(?! USING)"
)


@pytest.fixture
async def statements(app: FastAPI) -> list[tuple[str, tuple[object, ...]]]:
    """The SELECTs of the reading pool, with their values, as they come."""
    seen: list[tuple[str, tuple[object, ...]]] = []
    database: Database = app.state.database

    @event.listens_for(database.reader.sync_engine, "before_cursor_execute")
    def remember(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_more: object
    ) -> None:
        if not statement.startswith(("EXPLAIN", "PRAGMA")):
            seen.append((statement, values))

    return seen


@pytest.mark.parametrize("what", ["timeline", "uptime", "incidents"])
async def test_no_statement_about_one_store_scans_the_table_of_polls(
    hand_in: HandIn,
    app: FastAPI,
    manager: httpx.AsyncClient,
    statements: list[tuple[str, tuple[object, ...]]],
    what: str,
) -> None:
    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    database: Database = app.state.database
    await fill(database)
    statements.clear()
    assert (await manager.get(f"/api/v1/stores/s1999/{what}")).status_code == 200
    about_polls = [(sql, values) for sql, values in statements if "store_observations" in sql]
    assert len(about_polls) >= 2
    for sql, values in about_polls:
        plan = await explained(database, sql, values)
        assert not FULL_SCAN.search(plan), plan


async def fill(database: Database) -> None:
    """As many stores and polls as it takes for a scan to be the dearer way, and statistics that say so."""
    names = ", ".join(f"('{number:032x}', 's{number}', {number})" for number in range(1_000, 3_000))
    key = "CAST(id AS uuid)" if database.is_postgresql else "id"
    async with database.transaction() as session:
        await session.execute(
            text(
                f"WITH new (id, name, site) AS (VALUES {names}) "
                f"INSERT INTO stores (id, external_id, site) SELECT {key}, name, site FROM new"
            )
        )
        await session.execute(
            text(
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49) "
                "INSERT INTO store_observations (site, observed_at, seen) "
                "SELECT site, 1674000000000000 + i * 3600000000, 1 FROM stores CROSS JOIN n WHERE site >= 1000"
            )
        )
        await session.execute(text("ANALYZE"))


async def explained(database: Database, sql: str, values: tuple[object, ...]) -> str:
    async with database.reading() as connection:
        word = "EXPLAIN" if database.is_postgresql else "EXPLAIN QUERY PLAN"
        rows = await connection.exec_driver_sql(f"{word} {sql}", values)
        return "\n".join(str(row[-1]) for row in rows)
