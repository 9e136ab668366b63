"""A value reads the same in the trail of both engines, whatever its type."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    insert,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from opsroom.core.audit import postgresql, sqlite
from opsroom.core.audit.declaration import audited_tables
from opsroom.core.db.columns import Instant, JsonDocument
from opsroom.core.db.engine import Database

Trail = Any
KEY = UUID("01a1f8a4-75d5-7419-b87d-f944b57d1199")
SAMPLES = Table(
    "samples", MetaData(),
    Column("id", Uuid, primary_key=True), Column("part", BigInteger, primary_key=True), Column("flag", Boolean),
    Column("real", Float), Column("exact", Numeric(20, 4)), Column("big", BigInteger), Column("words", Text),
    Column("document", JsonDocument), Column("moment", Instant), Column("raw", LargeBinary), Column("order", Text),
)  # fmt: skip

VALUES: list[tuple[str, Any, Any]] = [
    ("flag", True, True),
    ("flag", False, False),
    ("real", 0.1, 0.1),
    ("real", 0.1 + 0.2, 0.1 + 0.2),
    ("real", -1.7976931348623157e308, -1.7976931348623157e308),
    ("real", 5e-324, 5e-324),
    ("real", 3.0, 3.0),
    ("real", math.inf, "Infinity"),
    ("real", -math.inf, "-Infinity"),
    ("exact", Decimal("12.5"), 12.5),
    ("big", 2**63 - 1, 2**63 - 1),
    ("words", "quotes \" ' \\ and \n lines \x01 ☃ 🙂", "quotes \" ' \\ and \n lines \x01 ☃ 🙂"),
    ("words", "", ""),
    ("words", "null", "null"),
    ("words", '{"a": 1}', '{"a": 1}'),
    ("document", {"a": [1, None, {"b": '"c"'}]}, {"a": [1, None, {"b": '"c"'}]}),
    ("document", [], []),
    ("document", "text", "text"),
    ("raw", b"\x00\xff", "\\x00ff"),
    ("order", "a column named like a word of SQL", "a column named like a word of SQL"),
]  # fmt: skip


def read(column: str, shown: Any) -> Any:
    """JSON has one kind of number: a float without a fraction may be written as a whole one."""
    return float(shown) if column == "real" and isinstance(shown, int) else shown


@pytest.fixture
async def samples(database: Database) -> Table:
    (audited,) = audited_tables(SAMPLES.metadata)

    def create(connection: Connection) -> None:
        SAMPLES.metadata.create_all(connection)
        generated = (
            postgresql.table_statements(audited, "public")
            if database.is_postgresql
            else sqlite.table_statements(audited)
        )
        for sql in generated:
            connection.exec_driver_sql(sql)

    async with database.transaction() as session:
        await (await session.connection()).run_sync(create)
    return SAMPLES


@pytest.mark.parametrize(("column", "value", "shown"), VALUES, ids=str)
async def test_a_value_is_shown_as_json(
    database: Database, samples: Table, trail: Trail, column: str, value: Any, shown: Any
) -> None:
    async with database.transaction() as session:
        await session.execute(insert(samples).values(id=KEY, part=1))
        await session.execute(update(samples).values({column: value}))
        await session.execute(text("DELETE FROM samples"))
    created, updated, deleted = await trail()
    assert created["record_id"] == f"{KEY}/1"
    assert created["after"]["id"] == str(KEY)
    assert created["after"][column] is None
    assert updated["before"] == {column: None}
    assert updated["after"].keys() == {column}
    assert read(column, updated["after"][column]) == read(column, deleted["before"][column]) == shown


async def test_an_instant_is_shown_in_utc(database: Database, samples: Table, trail: Trail) -> None:
    moment = datetime(2026, 11, 20, 11, 8, 10, 69_989, tzinfo=UTC)
    async with database.transaction() as session:
        await session.execute(insert(samples).values(id=KEY, part=1, moment=moment))
    (created,) = await trail()
    assert created["after"]["moment"] == "2026-11-20T11:08:10.069989+00:00"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_other_programs_store_in_sqlite_s_loose_columns_is_shown_as_it_is(
    database: Database, samples: Table, trail: Trail
) -> None:
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO samples (id, part, flag, real, document, moment) "
                "VALUES ('no uuid', 1, 'maybe', 'much', 'not { json', 'soon')"
            )
        )
    (created,) = await trail()
    seen = {name: created["after"][name] for name in ("id", "flag", "real", "document")}
    assert seen == {"id": "no uuid", "flag": "maybe", "real": "much", "document": "not { json"}
    assert created["after"]["moment"] == "soon+00:00"


rows = st.fixed_dictionaries(
    {
        "flag": st.none() | st.booleans(),
        "real": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "big": st.none() | st.integers(-(2**63), 2**63 - 1),
        "words": st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=rows, second=rows)
async def test_an_update_names_exactly_the_columns_that_differ(
    database: Database, samples: Table, first: dict[str, Any], second: dict[str, Any]
) -> None:
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM samples"))
        await session.execute(insert(samples).values(id=KEY, part=1, **first))
        await session.execute(update(samples).values(second))
        query = "SELECT action, before, after FROM audit_entries ORDER BY id DESC LIMIT 1"
        action, before, after = (
            await session.execute(text(query).columns(before=JsonDocument, after=JsonDocument))
        ).one()
    differ = {name for name in first if first[name] != second[name]}
    if not differ:
        assert action == "create"
        return
    assert action == "update"
    assert {name: read(name, value) for name, value in before.items()} == {name: first[name] for name in differ}
    assert {name: read(name, value) for name, value in after.items()} == {name: second[name] for name in differ}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_bytes_in_a_text_column_of_sqlite_are_refused(database: Database, samples: Table, trail: Trail) -> None:
    """The trail could not show them."""
    with pytest.raises(DBAPIError, match="BLOB"):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO samples (id, part, words) VALUES ('x', 1, x'00ff')"))
    assert await trail() == []
