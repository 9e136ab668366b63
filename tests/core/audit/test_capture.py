"""Whatever way a row is written, the trail has exactly one entry for it, in the same transaction."""

from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.auth.models import Session, SessionKind, User
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.storage.models import Artifact, ArtifactType

Trail = Any
HASH = "0" * 64
RAW_NEW = "INSERT INTO artifacts (id, name, type, media_type, sha256, size_bytes, tags)"


def artifact(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "type": ArtifactType.LOG, "media_type": "text/csv", "sha256": HASH, "size_bytes": 1} | values


def stored_id(database: Database, key: UUID) -> str:
    return str(key) if database.is_postgresql else key.hex


async def write_in_every_way(session: AsyncSession, database: Database) -> None:
    """Three artifacts by the ORM, one of them changed and one deleted, and so on; see the counts below."""
    by_orm = [Artifact(**artifact(f"orm {number}")) for number in range(3)]
    session.add_all(by_orm)
    await session.flush()
    by_orm[0].name = "renamed"
    await session.delete(by_orm[1])
    await session.flush()

    await session.execute(insert(Artifact), [artifact(f"bulk {number}") for number in range(4)])
    await session.execute(update(Artifact).where(Artifact.name.startswith("bulk")).values(media_type="text/plain"))
    await session.execute(update(Artifact).where(Artifact.name == "nobody").values(media_type="text/html"))
    await session.execute(delete(Artifact).where(Artifact.name == "bulk 3"))

    for number in range(2):
        key = stored_id(database, uuid4())
        await session.execute(text(f"{RAW_NEW} VALUES ('{key}', 'raw {number}', 'log', 'x', '{HASH}', 1, '{{}}')"))
    await session.execute(text("UPDATE artifacts SET media_type = 'text/xml' WHERE name LIKE 'raw %'"))
    await session.execute(text("UPDATE artifacts SET media_type = 'text/xml' WHERE name LIKE 'raw %'"))  # no change
    await session.execute(text("DELETE FROM artifacts WHERE name = 'raw 1'"))

    await upsert(session, database, by_orm[0].id, "upserted")
    await upsert(session, database, uuid4(), "inserted")


class LastMomentError(Exception):
    """Something fails when all has been written."""


EXPECTED = Counter(
    create=3 + 4 + 2 + 1,
    update=1 + 4 + 2 + 1,
    delete=1 + 1 + 1,
)


async def upsert(session: AsyncSession, database: Database, key: UUID, name: str) -> None:
    dialect = postgresql if database.is_postgresql else sqlite
    statement = dialect.insert(Artifact).values(id=key, tags={}, **artifact(name))
    await session.execute(statement.on_conflict_do_update(index_elements=[Artifact.id], set_={"name": name}))


async def test_every_way_of_writing_leaves_exactly_one_entry_for_each_row(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        await write_in_every_way(session, database)
    entries = await trail()
    assert Counter(entry["action"].value for entry in entries) == EXPECTED
    assert {entry["table_name"] for entry in entries} == {"artifacts"}
    assert len({entry["transaction_id"] for entry in entries}) == 1


async def test_a_rollback_leaves_nothing(database: Database, trail: Trail) -> None:
    with suppress(LastMomentError):
        async with database.transaction() as session:
            await write_in_every_way(session, database)
            raise LastMomentError
    assert await trail() == []
    async with database.reading() as connection:
        headers = await connection.scalar(
            text("SELECT count(*) FROM audit_transactions WHERE id NOT IN (SELECT transaction_id FROM audit_entries)")
        )
    assert headers == 0


async def test_a_savepoint_that_is_rolled_back_leaves_only_what_was_written_outside(
    database: Database, trail: Trail
) -> None:
    """The header is written inside the savepoint first, and must come again."""
    async with database.transaction() as session:
        savepoint = await session.begin_nested()
        session.add(Artifact(**artifact("undone")))
        await session.flush()
        await savepoint.rollback()
        session.add(Artifact(**artifact("kept")))
    (entry,) = await trail()
    assert entry["after"]["name"] == "kept"
    assert entry["user_name"] == "system"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_replace_is_a_delete_and_a_create(database: Database, trail: Trail) -> None:
    key = uuid4()
    async with database.transaction() as session:
        session.add(Artifact(id=key, **artifact("first")))
    async with database.transaction() as session:
        sql = RAW_NEW.replace("INSERT", "INSERT OR REPLACE")
        await session.execute(text(f"{sql} VALUES ('{key.hex}', 'second', 'log', 'x', '{HASH}', 1, '{{}}')"))
    created, deleted, again = await trail()
    assert [entry["action"].value for entry in (created, deleted, again)] == ["create", "delete", "create"]
    assert {entry["record_id"] for entry in (created, deleted, again)} == {str(key)}
    assert deleted["before"]["name"] == "first"
    assert again["after"]["name"] == "second"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_copy_is_recorded_row_by_row(database: Database, trail: Trail) -> None:
    names = ["id", "name", "type", "media_type", "sha256", "size_bytes", "tags"]
    rows = [(uuid4(), f"copied {number}", "log", "x", HASH, number, "{}") for number in range(50)]
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.execute(text("SELECT 1"))  # the transaction begins with the first statement
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.copy_records_to_table("artifacts", columns=names, records=rows)
    entries = await trail()
    assert [entry["after"]["size_bytes"] for entry in entries] == list(range(50))
    assert [entry["record_id"] for entry in entries] == [str(row[0]) for row in rows]


async def test_what_a_foreign_key_does_by_itself_is_recorded_too(database: Database, trail: Trail) -> None:
    owner = User(username="wanjiru", password_hash="x")
    async with database.transaction() as session:
        session.add(owner)
        await session.flush()
        for _ in range(2):
            session.add(Session(user_id=owner.id, kind=SessionKind.TOKEN, token_hash="y", expires_at=now()))
        session.add(Artifact(owner_id=owner.id, **artifact("hers")))
    before = len(await trail())
    async with database.transaction() as session:
        await session.execute(delete(User))
    caused = Counter((entry["table_name"], entry["action"].value) for entry in (await trail())[before:])
    assert caused == {("users", "delete"): 1, ("sessions", "delete"): 2, ("artifacts", "update"): 1}


async def test_an_update_says_only_what_changed_and_the_version_is_right(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        row = Artifact(tags={"a": [1, None, "x"]}, **artifact("one"))
        session.add(row)
        await session.flush()
        row.tags = {"b": True}
        await session.flush()
        assert row.version == 2
        returned = await session.execute(
            update(Artifact).values(name="two", version=Artifact.version + 1).returning(Artifact.version)
        )
        assert returned.scalar_one() == 3
    _, first, second = await trail()
    assert (first["before"], first["after"]) == ({"tags": {"a": [1, None, "x"]}}, {"tags": {"b": True}})
    assert (second["before"], second["after"]) == ({"name": "one"}, {"name": "two"})


async def test_raw_sql_moves_the_version_by_one_and_leaves_one_entry(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        session.add(Artifact(**artifact("one")))
    async with database.transaction() as session:
        await session.execute(text("UPDATE artifacts SET name = 'two'"))
        await session.execute(text("UPDATE artifacts SET version = version + 1, updated_at = created_at"))
    async with database.reading() as connection:
        assert await connection.scalar(select(Artifact.version)) == 3
    assert [entry["action"].value for entry in await trail()] == ["create", "update"]


async def test_replaying_the_trail_gives_the_table(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        await write_in_every_way(session, database)
    replayed: dict[str, dict[str, Any]] = {}
    for entry in await trail():
        match entry["action"].value:
            case "create":
                assert entry["record_id"] not in replayed
                replayed[entry["record_id"]] = entry["after"]
            case "update":
                record = replayed[entry["record_id"]]
                assert {name: record[name] for name in entry["before"]} == entry["before"]
                record.update(entry["after"])
            case "delete":
                assert replayed.pop(entry["record_id"]) == entry["before"]
    async with database.reading() as connection:
        rows = (await connection.execute(select(Artifact.id, Artifact.name, Artifact.size_bytes))).all()
    assert {(str(row.id), row.name, row.size_bytes) for row in rows} == {
        (key, record["name"], record["size_bytes"]) for key, record in replayed.items()
    }
