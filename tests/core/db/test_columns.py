"""Column types that mean the same on both engines."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from opsroom.core.db.base import NAMING, plural_table_name
from opsroom.core.db.columns import Instant, one_of
from opsroom.core.db.compiled import DIALECTS
from opsroom.core.db.engine import Database


class Mood(StrEnum):
    GLAD = "glad"
    DULL = "dull"


notes = Table("notes", MetaData(naming_convention=NAMING), Column("at", Instant), Column("mood", one_of(Mood)))


@pytest.fixture
async def notebook(database: Database) -> Database:
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.run_sync(notes.create)
    return database


INSTANTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 7, 1, 12, 30, 15, 1, tzinfo=UTC),
    datetime(2026, 7, 1, 12, 30, 15, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]


async def test_instants_come_back_to_the_microsecond_and_in_utc(notebook: Database) -> None:
    async with notebook.transaction() as session:
        await session.execute(insert(notes), [{"at": at} for at in INSTANTS])
        found = (await session.scalars(select(notes.c.at).order_by(notes.c.at))).all()
    assert found == sorted(INSTANTS)
    assert {at.tzinfo for at in found if at is not None} == {UTC}


async def test_instants_compare_in_the_database_as_they_do_here(notebook: Database) -> None:
    async with notebook.transaction() as session:
        await session.execute(insert(notes), [{"at": at} for at in INSTANTS])
        for at in INSTANTS:
            later = (await session.scalars(select(notes.c.at).where(notes.c.at > at))).all()
            assert sorted(later) == sorted(other for other in INSTANTS if other > at)


async def test_a_datetime_without_a_zone_is_refused(notebook: Database) -> None:
    with pytest.raises(StatementError, match="an instant needs a time zone"):
        async with notebook.transaction() as session:
            await session.execute(insert(notes), {"at": datetime(2026, 7, 1, 12)})  # noqa: DTZ001  the point


@given(st.datetimes(timezones=st.timezones()))
def test_what_is_bound_is_the_same_instant_on_both_engines(at: datetime) -> None:
    try:
        expected = at.astimezone(UTC)
    except OverflowError:
        return
    assert Instant().process_bind_param(at, DIALECTS["postgresql"]) == expected
    assert Instant().process_bind_param(at, DIALECTS["sqlite"]) == expected.replace(tzinfo=None)


async def test_a_word_outside_the_enumeration_is_refused_by_the_database(notebook: Database) -> None:
    async with notebook.transaction() as session:
        await session.execute(text("INSERT INTO notes (mood) VALUES ('glad')"))
        assert await session.scalar(select(notes.c.mood)) is Mood.GLAD
    with pytest.raises(IntegrityError, match="ck_notes_mood"):
        async with notebook.transaction() as session:
            await session.execute(text("INSERT INTO notes (mood) VALUES ('sad')"))


@pytest.mark.parametrize(
    ("class_name", "table"),
    [
        ("User", "users"),
        ("MaintenanceWindow", "maintenance_windows"),
        ("SlaPolicy", "sla_policies"),
        ("Day", "days"),
        ("Address", "addresses"),
        ("GaugeStudy", "gauge_studies"),
        ("SLABreach", "sla_breaches"),
        ("Box", "boxes"),
    ],
)
def test_table_names_are_plurals_of_class_names(class_name: str, table: str) -> None:
    assert plural_table_name(class_name) == table
