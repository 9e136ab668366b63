"""Two engines behind one value: what each connection can do, and what happens when it cannot."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from opsroom.core.db.engine import Database, PoolOptions
from opsroom.core.db.refusals import DATABASE_ERRORS, refusal_from
from opsroom.core.errors import Conflict, Invalid, Unavailable

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FULL_DISK = "database or disk is full"
postgresql_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def refused(work: Awaitable[Any]) -> Any:
    """What the person who asked would be told."""
    with pytest.raises(SQLAlchemyError) as caught:
        await work
    return refusal_from(caught.value)


async def run_in_transaction(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


@sqlite_only
async def test_every_sqlite_connection_has_its_pragmas(database: Database) -> None:
    async def pragmas(connection: Any) -> dict[str, Any]:
        names = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous", "recursive_triggers", "query_only")
        return {name: (await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in names}

    common = {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "synchronous": 2,
        "recursive_triggers": 1,
    }
    async with database.transaction() as session:
        assert await pragmas(session) == {**common, "query_only": 0}
    async with database.reading() as connection:
        assert await pragmas(connection) == {**common, "query_only": 1}


@sqlite_only
async def test_a_transaction_holds_the_writers_lock_from_its_first_statement(
    database: Database, database_url: str
) -> None:
    path = database_url.removeprefix("sqlite:///")
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        other = sqlite3.connect(path, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


@sqlite_only
async def test_a_writer_of_another_process_is_waited_for_and_nobody_else_is_held_up(
    database: Database, database_url: str
) -> None:
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE written_meanwhile (x)")
    writer = asyncio.create_task(run_in_transaction(database, "INSERT INTO written_meanwhile VALUES (1)"))
    for _ in range(20):  # the loop is free, and readers read, while the writer waits in its thread
        async with database.reading() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM users")) == 0
    assert not writer.done()
    other.execute("COMMIT")
    other.close()
    await writer


@sqlite_only
async def test_writers_of_one_process_take_turns_in_the_order_they_came(database: Database) -> None:
    await run_in_transaction(database, "CREATE TABLE turns (number integer)")
    order: list[int] = []
    first_writes, go_on = asyncio.Event(), asyncio.Event()

    async def write(number: int) -> None:
        async with database.transaction() as session:
            await session.execute(text(f"INSERT INTO turns VALUES ({number})"))
            order.append(number)
            first_writes.set()
            await go_on.wait()

    first = asyncio.create_task(write(0))
    await first_writes.wait()
    others = []
    for number in range(1, 12):
        others.append(asyncio.create_task(write(number)))
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, *others)
    assert order == list(range(12))


async def test_a_reader_does_not_wait_for_a_writer_and_sees_nothing_unfinished(database: Database) -> None:
    await run_in_transaction(database, "CREATE TABLE notes (line text)")
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO notes VALUES ('unfinished')"))
        async with database.reading() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM notes")) == 0
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM notes")) == 1


async def test_a_reading_connection_cannot_write(database: Database) -> None:
    async with database.reading() as connection:
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await connection.execute(text("INSERT INTO workers VALUES ('x', '2026-01-01', '2026-01-01')"))


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    await run_in_transaction(database, "CREATE TABLE notes (line text)")
    with pytest.raises(SQLAlchemyError):
        await run_in_transaction(database, "INSERT INTO notes VALUES ('first')", "INSERT INTO nowhere VALUES (1)")
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM notes")) == 0


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, 13, 21, 34])
async def test_cancelling_at_any_moment_leaks_no_connection(database_url: str, turns: int) -> None:
    database = Database(database_url, PoolOptions(size=2, overflow=0))

    async def write() -> None:
        await run_in_transaction(database, "SELECT 1", "SELECT 2")

    async def read() -> None:
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def read_directly() -> None:
        await database.direct.fetch("SELECT 1", ())

    works: list[Callable[[], Awaitable[None]]] = [write, read, read_directly]
    for work in works * 3:
        tasks = [asyncio.ensure_future(work()) for _ in range(4)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for pool in (database.writer.pool, database.reader.pool):
        assert pool.checkedout() == 0  # type: ignore[attr-defined]  # a queue pool
    for work in works * 3:
        await work()
    await database.close()


async def test_when_every_connection_is_busy_the_answer_is_to_try_again(database_url: str) -> None:
    database = Database(database_url, PoolOptions(size=1, overflow=0))
    database.writer.pool._timeout = 0.05  # type: ignore[attr-defined]  # thirty seconds otherwise
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        refusal = await refused(run_in_transaction(database, "SELECT 1"))
    assert isinstance(refusal, Unavailable)
    assert refusal.code == "database_busy"
    await database.close()


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@127.0.0.1:1/x", "postgresql://nobody@nowhere.invalid/x", "postgresql:///x?host=/nowhere"],
)
async def test_a_server_that_is_not_there_is_unavailable(url: str) -> None:
    database = Database(url)
    for reach in (database.transaction, database.reading):
        with pytest.raises(Unavailable, match="does not answer"):
            async with reach() as connection:
                await connection.execute(text("SELECT 1"))
    with pytest.raises(Unavailable, match="does not answer"):
        await database.direct.fetch("SELECT 1", ())
    await database.close()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'missing' / 'opsroom.db'}")
    refusal = await refused(run_in_transaction(database, "SELECT 1"))
    assert (type(refusal), refusal.code) == (Unavailable, "database_unavailable")
    await database.close()


@postgresql_only
async def test_a_connection_cut_in_the_middle_is_unavailable_and_replaced(database: Database) -> None:
    cut = "SELECT pg_terminate_backend(pg_backend_pid())"
    refusal = await refused(run_in_transaction(database, cut, "SELECT 1"))
    assert (type(refusal), refusal.code) == (Unavailable, "database_unavailable")
    await run_in_transaction(database, "SELECT 1")


async def test_an_error_of_the_driver_itself_means_the_same(database: Database) -> None:
    """Bulk writes speak to the driver, past SQLAlchemy."""
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE few (n int CHECK (n < 3))"))
        raw: Any = await (await session.connection()).get_raw_connection()
        with pytest.raises(DATABASE_ERRORS) as caught:
            await raw.driver_connection.execute("INSERT INTO few VALUES (3)")
        assert not isinstance(caught.value, SQLAlchemyError)
        assert type(refusal_from(caught.value)) is Conflict
        await session.rollback()


@pytest.mark.parametrize("error", [asyncpg.DiskFullError("could not extend file"), sqlite3.OperationalError(FULL_DISK)])
def test_a_full_disk_is_told_as_such_by_both_drivers(error: Exception) -> None:
    refusal = refusal_from(error)
    assert refusal is not None
    assert (type(refusal), refusal.code) == (Unavailable, "disk_full")


@postgresql_only
async def test_a_statement_above_its_time_is_stopped_by_the_server(database_url: str) -> None:
    database = Database(database_url, PoolOptions(statement_timeout=0.05))
    refusal = await refused(run_in_transaction(database, "SELECT pg_sleep(60)"))
    assert (type(refusal), refusal.code) == (Unavailable, "statement_timeout")
    await database.close()


@postgresql_only
async def test_a_program_that_stands_still_in_a_transaction_loses_its_locks(database_url: str) -> None:
    """A worker whose machine is frozen would else hold the row of a job, and nobody could take the job over."""
    frozen, other = Database(database_url, PoolOptions(idle_transaction_timeout=0.05)), Database(database_url)
    await run_in_transaction(other, "CREATE TABLE lonely (n int)", "INSERT INTO lonely VALUES (1)")

    async def stand_still() -> None:
        async with frozen.transaction() as session:
            await session.execute(text("UPDATE lonely SET n = 2"))
            await run_in_transaction(other, "UPDATE lonely SET n = 3")  # waits for the lock
            await session.execute(text("SELECT 1"))

    refusal = await refused(stand_still())
    assert (type(refusal), refusal.code) == (Unavailable, "database_unavailable")
    await frozen.close()
    await other.close()


@postgresql_only
async def test_two_transactions_in_each_others_way_are_told_to_try_again(database: Database) -> None:
    await run_in_transaction(database, "CREATE TABLE pair (n int)", "INSERT INTO pair VALUES (1), (2)")
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as session:
            await session.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
            await session.execute(text(f"UPDATE pair SET n = n WHERE n = {first}"))
            await both.wait()
            await session.execute(text(f"UPDATE pair SET n = n WHERE n = {second}"))

    outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    (victim,) = [outcome for outcome in outcomes if isinstance(outcome, SQLAlchemyError)]
    refusal = refusal_from(victim)
    assert refusal is not None
    assert (type(refusal), refusal.code) == (Unavailable, "database_busy")


@postgresql_only
@pytest.mark.parametrize("value", ["x" * 500, "a\0b"])
async def test_a_value_that_cannot_be_kept_is_the_askers_to_change(database: Database, value: str) -> None:
    async with database.transaction() as session:
        statement = text("INSERT INTO workers VALUES (:value, now(), now())")
        refusal = await refused(session.execute(statement, {"value": value}))
    assert isinstance(refusal, Invalid)
