"""A trail to be sealed, and somebody with the owner's rights who tampers with it."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from opsroom.core.audit.events import Event, record
from opsroom.core.audit.models import Action
from opsroom.core.audit.sealed.notes import Signer, signer_of
from opsroom.core.audit.sqlite import PREFIX
from opsroom.core.db.engine import Database

Write = Callable[[int], Awaitable[list[int]]]
Tamper = Callable[[str], Awaitable[None]]

HAPPENED = Event("tests.thing.happened", Action.ACCESS)


@pytest.fixture
def signer() -> Signer:
    return signer_of("a secret for tests only, long enough", "tests")


@pytest.fixture
def write(database: Database) -> Write:
    """Adds that many entries in one transaction; gives their ids."""

    async def write(count: int) -> list[int]:
        async with database.transaction() as session:
            for number in range(count):
                await record(session, HAPPENED, number=number, text='a "quoted" line\nand another, ümläut')
        async with database.reading() as connection:
            ids = text("SELECT id FROM audit_entries ORDER BY id DESC LIMIT :count")
            return sorted((await connection.scalars(ids, {"count": count})).all())

    return write


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """Runs a statement with every trigger of the trail out of the way, as the owner of the database can."""

    async def tamper(statement: str) -> None:
        async with database.transaction() as session:
            connection = await session.connection()
            if database.is_postgresql:
                await connection.exec_driver_sql("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
                await connection.exec_driver_sql("ALTER TABLE audit_transactions DISABLE TRIGGER ALL")
                await connection.exec_driver_sql(statement)
                return
            names = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB '{PREFIX}*'"
            triggers = [(row.name, row.sql) for row in await connection.exec_driver_sql(names)]
            for name, _ in triggers:
                await connection.exec_driver_sql(f"DROP TRIGGER {name}")
            await connection.exec_driver_sql(statement)
            for _, sql in triggers:
                await connection.exec_driver_sql(sql)

    return tamper
