"""Migrations: there and back again, with everything that was there."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from tests.conftest import SECRET, run_sql, with_name

from opsroom.core.db.engine import Database
from opsroom.migrations import commands
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.migrations.patience import waits
from opsroom.migrations.schema import FOLDER, alembic_config, head_revision

ROOT = Path(__file__).parents[1]
Schema = dict[str, set[tuple[Any, ...]]]

POSTGRESQL_SCHEMA = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'""",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
}


async def execute(url: str, *statements: str) -> None:
    database = Database(url)
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))
    await database.close()


async def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    database = Database(url)
    async with database.reading() as connection:
        found = [tuple(row) for row in (await connection.execute(text(query))).all()]
    await database.close()
    return found


def schema(url: str) -> Schema:
    """All that the database knows of its own shape."""
    if url.startswith("sqlite"):
        return {"all": set(asyncio.run(rows(url, "SELECT type, name, tbl_name, sql FROM sqlite_master")))}
    return {kind: set(asyncio.run(rows(url, query))) for kind, query in POSTGRESQL_SCHEMA.items()}


def words(schema_of_sqlite: Schema) -> Schema:
    """Without the white space that SQLite keeps as it was written, and scripts indent otherwise."""
    return {
        kind: {tuple(" ".join(part.split()) if isinstance(part, str) else part for part in each) for each in found}
        for kind, found in schema_of_sqlite.items()
    }


def run_opsroom(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "opsroom", *arguments],
        env=environment_for(url, **environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment_for(url: str, **more: str) -> dict[str, str]:
    return {**os.environ, "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET, **more}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"opsroom_empty_{uuid.uuid4().hex[:12]}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {name}"))
    yield with_name(server, name)
    asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))


class Planted:
    """A history with migrations of a test's own behind the newest."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.newest = head_revision()
        folder.mkdir()

    def add(self, upgrade: str, downgrade: str = "pass") -> None:
        revision = uuid.uuid4().hex[:12]
        body = (
            f"import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision = {revision!r}\ndown_revision = {self.newest!r}\n"
            f"def upgrade():\n{textwrap.indent(textwrap.dedent(upgrade).strip(), '    ')}\n"
            f"def downgrade():\n{textwrap.indent(textwrap.dedent(downgrade).strip(), '    ')}\n"
        )
        (self.folder / f"{revision}.py").write_text(body)
        self.newest = revision

    def migrate(self) -> None:
        command.upgrade(self._config(), "head")

    def rollback(self) -> None:
        command.downgrade(self._config(), "-1")

    def _config(self) -> Config:
        config = alembic_config(self.url)
        config.set_main_option("version_locations", os.pathsep.join([str(FOLDER / "versions"), str(self.folder)]))
        return config


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
    asyncio.run(_require_current(empty_url))


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
    asyncio.run(_require_current(empty_url))


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DROP TABLE alembic_version", "the database has no tables yet; run `opsroom db migrate`"),
        ("UPDATE alembic_version SET version_num = '5e60411a21bc'", "older than this program"),
        ("UPDATE alembic_version SET version_num = 'ffffffffffff'", "newer than the program; install the newer"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused(database_url: str, statement: str, sentence: str) -> None:
    asyncio.run(_require_current(database_url))
    asyncio.run(execute(database_url, statement))
    with pytest.raises(SchemaMismatch, match=sentence):
        asyncio.run(_require_current(database_url))


@pytest.mark.parametrize("program", ["serve", "worker"])
def test_no_program_starts_on_a_schema_it_does_not_know(database_url: str, tmp_path: Path, program: str) -> None:
    asyncio.run(execute(database_url, "UPDATE alembic_version SET version_num = 'ffffffffffff'"))
    refused = run_opsroom(database_url, program, OPSROOM_PORT="0", OPSROOM_DATA_DIR=str(tmp_path))
    assert refused.returncode == 2
    assert "it is newer than the program" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("program", ["serve", "worker"])
def test_no_program_starts_on_an_empty_database(empty_url: str, tmp_path: Path, program: str) -> None:
    refused = run_opsroom(empty_url, program, OPSROOM_PORT="0", OPSROOM_DATA_DIR=str(tmp_path))
    assert refused.returncode == 2
    assert "run `opsroom db migrate`" in refused.stderr


@pytest.mark.parametrize("program", [("serve",), ("worker",), ("db", "migrate")])
def test_without_a_database_no_program_starts_and_each_says_why(tmp_path: Path, program: tuple[str, ...]) -> None:
    refused = run_opsroom(
        "postgresql://nobody:p4ssw0rd@127.0.0.1:1/nothing",
        *program,
        OPSROOM_DATA_DIR=str(tmp_path),
        OPSROOM_DATABASE_WAIT="0",
    )
    assert refused.returncode == 2
    assert "the database does not answer" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr
    assert "p4ssw0rd" not in refused.stderr + refused.stdout


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


@pytest.mark.parametrize(
    ("patience", "expected"), [(0, []), (0.1, [0.1]), (1, [0.25, 0.5, 0.25]), (3.75, [0.25, 0.5, 1, 2])]
)
def test_each_wait_for_a_late_database_is_twice_the_last(patience: float, expected: list[float]) -> None:
    assert list(waits(patience)) == expected


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_a_database_that_comes_up_late_is_waited_for(empty_url: str) -> None:
    url = make_url(empty_url)
    socket = f"{url.query['host']}/.s.PGSQL.5432" if "host" in url.query else None
    async with doorway(socket, str(url.host), url.port or 5432) as (port, open_up):
        late = url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opsroom", "db", "migrate"),
            env=environment_for(late),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        seen = [await process.stdout.readline()]
        while b"waiting for the database" not in seen[-1]:
            seen.append(await process.stdout.readline())
            assert seen[-1], b"".join(seen).decode()
        await open_up()
        rest = await process.stdout.read()
        assert await process.wait() == 0, rest.decode()


@asynccontextmanager
async def doorway(socket: str | None, host: str, port: int) -> AsyncIterator[tuple[int, Any]]:
    """A TCP port that leads to the server once it is opened."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await (asyncio.open_unix_connection(socket) if socket else asyncio.open_connection(host, port))
        await asyncio.gather(_pour(reader, there[1]), _pour(there[0], writer))

    server = await asyncio.start_server(lead, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    opened: list[asyncio.Server] = []

    async def open_up() -> None:
        opened.append(await asyncio.start_server(lead, "127.0.0.1", number))

    yield number, open_up
    for each in opened:
        each.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _require_current(url: str) -> None:
    database = Database(url)
    try:
        await require_current(database)
    finally:
        await database.close()


async def _run_script(url: str, script: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(script)
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
