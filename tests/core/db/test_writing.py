"""Many rows at once: a default that looks at the table sees the rows before it, and the way there is not made anew."""

from typing import Any

import pytest
from sqlalchemy import event, text

from opsroom.core.actor import SYSTEM
from opsroom.core.db.engine import Database
from opsroom.core.db.lists import Item
from opsroom.core.errors import Refusal
from opsroom.core.resources.crud import create_items
from opsroom.stores.resources import STORES


def statements_of(database: Database) -> list[str]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(database.writer.sync_engine, "before_cursor_execute", note)
    return seen


async def test_stores_created_together_are_numbered_one_after_another(database: Database) -> None:
    statements = statements_of(database)
    async with database.transaction() as session:
        made = await create_items(session, STORES, [{"external_id": f"S-{n:02}"} for n in range(50)], SYSTEM)
    assert [each.record["external_id"] for each in made if isinstance(each, Item)] == [f"S-{n:02}" for n in range(50)]
    async with database.reading() as connection:
        sites = (await connection.scalars(text("SELECT site FROM stores ORDER BY external_id"))).all()
    assert len(set(sites)) == 50
    assert sites == sorted(sites)
    assert len(statements) < 8


async def test_a_null_that_is_given_is_not_the_default(database: Database) -> None:
    async with database.transaction() as session:
        made = await create_items(session, STORES, [{"external_id": f"S-{n}", "name": None} for n in range(3)], SYSTEM)
    assert [each.record["name"] for each in made if isinstance(each, Item)] == [None, None, None]
    assert all(isinstance(each, Item) and each.version == 1 for each in made)


@pytest.mark.parametrize("broken", [0, 2])
async def test_one_that_breaks_a_rule_is_refused_by_itself(database: Database, broken: int) -> None:
    codes = ["a", "b", "c", "d"]
    codes[broken] = "there"
    async with database.transaction() as session:
        await create_items(session, STORES, [{"external_id": "there"}], SYSTEM)
        made = await create_items(session, STORES, [{"external_id": code} for code in codes], SYSTEM)
    assert [isinstance(each, Refusal) for each in made] == [position == broken for position in range(4)]
