"""What was written while a trigger was missing is found by replaying the trail."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from tests.core.audit.sealed.conftest import Tamper, tamper

from opsroom.core.audit.reconciliation import Difference, reconcile
from opsroom.core.auth.actions import create_user
from opsroom.core.auth.models import Role
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database

__all__ = ["tamper"]

Run = Callable[[str], Awaitable[None]]
PASSWORD = "a password of somebody who does not exist"


@pytest.fixture
def unseen(database: Database) -> Run:
    """Runs a statement while the triggers of `users` are missing."""

    async def unseen(statement: str) -> None:
        async with database.transaction() as session:
            connection = await session.connection()
            if database.is_postgresql:
                await connection.exec_driver_sql("ALTER TABLE users DISABLE TRIGGER ALL")
                await connection.exec_driver_sql(statement)
                for name in ("audit_create", "audit_update", "audit_delete"):
                    await connection.exec_driver_sql(f"ALTER TABLE users ENABLE ALWAYS TRIGGER {name}")
                return
            names = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'audit_users_*'"
            triggers = [(row.name, row.sql) for row in await connection.exec_driver_sql(names)]
            for name, _ in triggers:
                await connection.exec_driver_sql(f"DROP TRIGGER {name}")
            await connection.exec_driver_sql(statement)
            for _, sql in triggers:
                await connection.exec_driver_sql(sql)

    return unseen


@pytest.fixture
async def people(database: Database) -> None:
    for name in ("amina", "brian", "chebet"):
        async with database.transaction() as session:
            await create_user(session, name, PASSWORD, Role.USER)
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET role = 'manager' WHERE username = 'brian'"))
        await session.execute(text("DELETE FROM users WHERE username = 'chebet'"))


async def differences(database: Database) -> list[tuple[str, str]]:
    found: list[Difference] = await reconcile(database, Base.metadata)
    return [(each.table_name, each.sentence) for each in found]


@pytest.mark.usefixtures("people")
async def test_where_everything_was_recorded_nothing_differs(database: Database) -> None:
    assert await differences(database) == []


@pytest.mark.usefixtures("people")
async def test_a_field_changed_unseen_is_named_with_both_values(database: Database, unseen: Run) -> None:
    await unseen("UPDATE users SET role = 'admin' WHERE username = 'brian'")
    assert await differences(database) == [("users", "role is 'admin', but the trail says 'manager'")]


@pytest.mark.usefixtures("people")
async def test_what_was_changed_unseen_and_then_again_shows_as_a_break(database: Database, unseen: Run) -> None:
    await unseen("UPDATE users SET role = 'admin' WHERE username = 'brian'")
    async with database.transaction() as session:
        await session.execute(text("UPDATE users SET role = 'manager' WHERE username = 'brian'"))
    ((table, sentence),) = await differences(database)
    assert table == "users"
    assert sentence.startswith("role was 'admin' before entry")
    assert sentence.endswith("but the trail had led to 'manager'")


@pytest.mark.usefixtures("people")
async def test_rows_added_and_removed_unseen_are_named(database: Database, unseen: Run) -> None:
    await unseen("DELETE FROM users WHERE username = 'amina'")
    assert await differences(database) == [("users", "is gone, and the trail does not say how")]


@pytest.mark.usefixtures("people")
async def test_a_row_that_came_unseen_is_named(database: Database, unseen: Run) -> None:
    async with database.reading() as connection:
        columns = list((await connection.execute(text("SELECT * FROM users LIMIT 0"))).keys())
    new = {
        "id": "'ffffffff-ffff-7fff-bfff-ffffffffffff'" if database.is_postgresql else f"'{'f' * 32}'",
        "username": "'zawadi'",
        "email": "NULL",
    }
    values = ", ".join(new.get(column, f'"{column}"') for column in columns)
    listed = ", ".join(f'"{column}"' for column in columns)
    await unseen(f"INSERT INTO users ({listed}) SELECT {values} FROM users WHERE username = 'amina'")
    assert await differences(database) == [("users", "is there, but the trail does not know of it")]


@pytest.mark.usefixtures("people")
async def test_an_entry_removed_from_the_trail_shows_in_the_table(database: Database, tamper: Tamper) -> None:
    await tamper(
        "DELETE FROM audit_entries WHERE table_name = 'users' AND action = 'update' AND event IS NULL "
        "AND id = (SELECT max(id) FROM audit_entries WHERE table_name = 'users' AND action = 'update')"
    )
    assert await differences(database) == [("users", "role is 'manager', but the trail says 'user'")]
