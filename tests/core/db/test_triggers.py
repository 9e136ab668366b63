"""`version` and `updated_at`, whoever writes."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm.exc import StaleDataError

from opsroom.core.auth.models import User
from opsroom.core.clock import now
from opsroom.core.db.engine import Database

LONG_AGO = datetime(2001, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)


@pytest.fixture
async def wanjiru(database: Database) -> User:
    async with database.transaction() as session:
        user = User(username="wanjiru", password_hash="none", created_at=LONG_AGO, updated_at=LONG_AGO)
        session.add(user)
    return user


async def stored(database: Database, user: User) -> User:
    async with database.transaction() as session:
        return await session.get_one(User, user.id)


def is_fresh(instant: datetime) -> bool:
    return abs(now() - instant) < timedelta(minutes=5)


async def test_raw_sql_counts_a_version_and_touches_the_instant(database: Database, wanjiru: User) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET email = 'w@example.org' WHERE username = 'wanjiru'"))
    after = await stored(database, wanjiru)
    assert (after.version, after.email) == (2, "w@example.org")
    assert after.created_at == LONG_AGO
    assert is_fresh(after.updated_at)


async def test_one_raw_statement_over_many_rows_touches_each_once(database: Database, wanjiru: User) -> None:
    async with database.transaction() as session:
        session.add(User(username="otieno", password_hash="none", updated_at=LONG_AGO))
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET is_active = false"))
        await session.execute(text("UPDATE users SET is_active = true"))
    async with database.reading() as connection:
        rows = (await connection.execute(text("SELECT version FROM users"))).scalars().all()
    assert rows == [3, 3]


async def test_an_update_of_the_orm_counts_one_version_and_not_two(database: Database, wanjiru: User) -> None:
    async with database.transaction() as session:
        user = await session.get_one(User, wanjiru.id)
        user.email = "w@example.org"
        await session.flush()
        assert user.version == 2, "what the statement returned"
    after = await stored(database, wanjiru)
    assert after.version == 2
    assert is_fresh(after.updated_at)


async def test_a_statement_that_counts_the_version_itself_returns_what_is_stored(
    database: Database, wanjiru: User
) -> None:
    statement = update(User).values(email="w@example.org", version=User.version + 1).returning(User.version)
    async with database.transaction() as session:
        assert (await session.execute(statement)).scalar() == 2
    assert (await stored(database, wanjiru)).version == 2


async def test_somebody_elses_write_in_between_is_noticed(database: Database, wanjiru: User) -> None:
    mine = await stored(database, wanjiru)
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET email = 'theirs@example.org'"))
    mine.email = "mine@example.org"
    async with database.transaction() as session:
        session.add(mine)
        with pytest.raises(StaleDataError):
            await session.flush()
        await session.rollback()
    assert (await stored(database, wanjiru)).email == "theirs@example.org"


async def test_rows_of_raw_sql_get_their_instants_and_first_version(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO users (id, username, password_hash, role) "
                "VALUES ('00000000000000000000000000000001', 'raw', 'none', 'user')"
            )
        )
    async with database.reading() as connection:
        (row,) = (await connection.execute(User.__table__.select())).all()
    assert (row.version, row.is_active) == (1, True)
    assert is_fresh(row.created_at)
    assert row.created_at == row.updated_at
