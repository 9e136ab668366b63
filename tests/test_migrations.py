"""Migrations: there and back again, with everything that was there."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from tests.migrating import Planted, environment_for, execute, fits, rows, run_opsroom, schema, words

from opsroom.migrations import commands
from opsroom.migrations.schema import alembic_config, head_revision

ROOT = Path(__file__).parents[1]


@pytest.fixture
def planted(database_url: str, tmp_path: Path) -> Planted:
    return Planted(database_url, tmp_path / "planted")


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_down_and_up_again_gives_the_identical_schema(database_url: str) -> None:
    before = schema(database_url)
    commands.reset(database_url)
    assert schema(database_url) == before


def test_all_the_way_down_leaves_no_table(database_url: str) -> None:
    command.downgrade(alembic_config(database_url), "base")
    if database_url.startswith("sqlite"):
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger')"
    else:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert asyncio.run(rows(database_url, query)) == [("alembic_version",)]


def test_the_models_say_what_the_schema_says(database_url: str) -> None:
    commands.check(database_url)


def test_a_column_that_no_model_has_is_found(database_url: str) -> None:
    asyncio.run(execute(database_url, "ALTER TABLE users ADD COLUMN shoe_size integer"))
    with pytest.raises(SystemExit, match="shoe_size"):
        commands.check(database_url)


def test_migrating_what_is_current_changes_nothing(database_url: str) -> None:
    before = schema(database_url)
    commands.migrate(database_url)
    assert schema(database_url) == before


def test_a_step_that_does_not_exist_is_refused_in_a_sentence(database_url: str) -> None:
    refused = run_opsroom(database_url, "db", "rollback", "--step", "99", "--yes")
    assert refused.returncode == 1
    assert refused.stderr == "opsroom: Relative revision -99 didn't produce 99 migrations\n"


FAMILY = (
    """INSERT INTO users (id, username, password_hash, role)
    VALUES ('00000000000000000000000000000001', 'wanjiru', 'none', 'user')""",
    """INSERT INTO sessions (id, user_id, kind, token_hash, expires_at) VALUES
    ('00000000000000000000000000000002', '00000000000000000000000000000001', 'token', 'none', '2030-01-01')""",
)
REBUILD = """
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("nickname", sa.String(40)))
        batch.alter_column("email", type_=sa.String(300))
"""
REBUILD_BACK = """
    with op.batch_alter_table("users") as batch:
        batch.drop_column("nickname")
        batch.alter_column("email", type_=sa.String(254))
"""


def test_altering_a_parent_keeps_its_children_and_its_triggers(planted: Planted) -> None:
    asyncio.run(execute(planted.url, *FAMILY))
    triggers = {name for _, name, *_ in _triggers(planted.url)}
    planted.add(REBUILD, REBUILD_BACK)
    for step in (planted.migrate, planted.rollback):
        step()
        assert asyncio.run(rows(planted.url, "SELECT username FROM users")) == [("wanjiru",)]
        assert len(asyncio.run(rows(planted.url, "SELECT id FROM sessions"))) == 1
        assert {name for _, name, *_ in _triggers(planted.url)} == triggers
    asyncio.run(execute(planted.url, "UPDATE users SET email = 'w@example.org'"))
    assert asyncio.run(rows(planted.url, "SELECT version FROM users")) == [(2,)]
    asyncio.run(execute(planted.url, "DELETE FROM users"))
    assert asyncio.run(rows(planted.url, "SELECT id FROM sessions")) == []


@sqlite_only
def test_views_and_triggers_of_other_people_step_aside_and_come_back(planted: Planted) -> None:
    asyncio.run(
        execute(
            planted.url,
            *FAMILY,
            "CREATE TABLE theirs (name text)",
            "CREATE VIEW their_names AS SELECT username FROM users",
            "CREATE VIEW their_short_names AS SELECT substr(username, 1, 3) AS name FROM their_names",
            "CREATE TRIGGER their_trigger AFTER INSERT ON theirs BEGIN "
            "UPDATE users SET email = NEW.name WHERE username = 'wanjiru'; END",
        )
    )
    planted.add(REBUILD, REBUILD_BACK)
    for step in (planted.migrate, planted.rollback):
        step()
        asyncio.run(execute(planted.url, "INSERT INTO theirs VALUES ('theirs@example.org')"))
        assert asyncio.run(rows(planted.url, "SELECT name FROM their_short_names")) == [("wan",)]
        assert asyncio.run(rows(planted.url, "SELECT email FROM users")) == [("theirs@example.org",)]


@sqlite_only
def test_a_migration_that_leaves_a_dangling_reference_is_undone_as_a_whole(planted: Planted) -> None:
    asyncio.run(execute(planted.url, *FAMILY))
    before = schema(planted.url)
    planted.add("op.create_table('extra', sa.Column('id', sa.Integer))")
    planted.add("op.execute('DELETE FROM users')")
    with pytest.raises(RuntimeError, match="1 dangling references in sessions; nothing was kept"):
        planted.migrate()
    assert schema(planted.url) == before
    assert asyncio.run(rows(planted.url, "SELECT version_num FROM alembic_version")) == [(head_revision(),)]


def test_a_migration_that_fails_half_way_leaves_nothing_of_itself(planted: Planted) -> None:
    planted.add("op.create_table('first', sa.Column('id', sa.Integer))")
    first = planted.newest
    planted.add("op.create_table('second', sa.Column('id', sa.Integer)); op.execute('SELECT no_such_function()')")
    with pytest.raises(DBAPIError, match="no_such_function"):
        planted.migrate()
    on_postgresql = planted.url.startswith("postgresql")
    revision = first if on_postgresql else head_revision()  # SQLite: all or none
    assert asyncio.run(rows(planted.url, "SELECT version_num FROM alembic_version")) == [(revision,)]
    for table, there in (("first", on_postgresql), ("second", False)):
        assert _has_table(planted.url, table) is there


@postgresql_only
def test_on_postgresql_a_migration_waits_for_neither_locks_nor_statements_for_ever(planted: Planted) -> None:
    planted.add(
        "op.execute(\"CREATE TABLE limits AS SELECT current_setting('lock_timeout'), "
        "current_setting('statement_timeout') AS s\")"
    )
    planted.migrate()
    assert asyncio.run(rows(planted.url, "SELECT * FROM limits")) == [("10s", "10min")]


def test_two_that_migrate_at_once_do_it_once(empty_url: str) -> None:
    both = [
        subprocess.Popen([sys.executable, "-m", "opsroom", "db", "migrate"], env=environment_for(empty_url))
        for _ in range(2)
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    asyncio.run(fits(empty_url))


@pytest.mark.parametrize(("empty_url", "database_url"), [("sqlite",) * 2, ("postgresql",) * 2], indirect=True)
def test_the_script_makes_what_the_migrations_make(
    empty_url: str, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.script(database_url)
    script = capsys.readouterr().out
    if empty_url.startswith("sqlite"):
        with closing(sqlite3.connect(make_url(empty_url).database or "")) as connection:
            connection.executescript(script)
    else:
        asyncio.run(_run_script(empty_url, script))
    assert words(schema(empty_url)) == words(schema(database_url))
    asyncio.run(fits(empty_url))


def test_bare_alembic_works_from_the_root(database_url: str) -> None:
    shown = subprocess.run(
        [Path(sys.executable).with_name("alembic"), "current"],
        cwd=ROOT,
        env=environment_for(database_url),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert f"{head_revision()} (head)" in shown.stdout


def test_there_is_one_head() -> None:
    assert head_revision() is not None


async def _run_script(url: str, script: str) -> None:
    """As psql does: what stands outside of transactions (`CREATE INDEX CONCURRENTLY`) is sent a statement at a time."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        without_comments = re.sub(r"^--.*$", "", script, flags=re.MULTILINE)
        for part in re.split(r"^(?:BEGIN|COMMIT);$", without_comments, flags=re.MULTILINE):
            for sent in part.split(";\n") if "CONCURRENTLY" in part else [part]:
                if sent.strip():
                    await connection.execute(sent)
    finally:
        await connection.close()


def _triggers(url: str) -> list[tuple[Any, ...]]:
    found = schema(url)
    if "all" in found:
        return [each for each in found["all"] if each[0] == "trigger"]
    return [("trigger", *each) for each in found["triggers"]]


def _has_table(url: str, name: str) -> bool:
    found = schema(url)
    names = {each[1] for each in found["all"]} if "all" in found else {each[0] for each in found["columns"]}
    return name in names
