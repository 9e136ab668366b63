"""`opsroom db …` and `make db-…`: every verb, tried one after the other on a scratch database."""

import asyncio
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import DATABASES, SECRET, run_sql, with_name
from tests.migrating import environment_for, execute, rows, schema
from tests.outside_app import plant_app
from typer.main import get_command
from typer.testing import CliRunner, Result

from opsroom.cli import program
from opsroom.commands import db as db_commands
from opsroom.migrations.schema import head_revision, scripts

ROOT = Path(__file__).parents[2]
FIRST = "5e60411a21bc"
DESTRUCTIVE = ("rollback", "reset", "setup-reset", "reset-tables")

Db = Callable[..., Result]


@pytest.fixture(params=DATABASES)
def absent_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where no database is yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'made' / 'later.db'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    name = f"opsroom_absent_{uuid.uuid4().hex[:12]}"
    yield with_name(server, name)
    asyncio.run(run_sql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def db_on(url: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Db:
    monkeypatch.setenv("OPSROOM_DATABASE_URL", url)
    monkeypatch.setenv("OPSROOM_SECRET_KEY", SECRET)
    monkeypatch.setenv("OPSROOM_DATA_DIR", str(folder / "data"))

    def db(*arguments: str, keys: str | None = None) -> Result:
        return CliRunner().invoke(program, ["db", *arguments], input=keys)

    return db


@pytest.fixture
def db(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Db:
    return db_on(database_url, monkeypatch, tmp_path)


def said(result: Result) -> str:
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def revision_of(url: str) -> list[tuple[str]]:
    return asyncio.run(rows(url, "SELECT version_num FROM alembic_version"))


def users_of(url: str) -> list[tuple[str]]:
    return asyncio.run(rows(url, "SELECT username FROM users ORDER BY username"))


def test_the_verbs_of_a_life_one_after_the_other(
    absent_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    db = db_on(absent_url, monkeypatch, tmp_path)
    head = head_revision()
    assert head is not None
    assert said(db("create-database")) == "the database is made\n"
    assert said(db("create-database")) == "the database is there already\n"
    assert db("check").exit_code == 1
    said(db("migrate", FIRST))
    assert revision_of(absent_url) == [(FIRST,)]
    assert FIRST in said(db("status"))
    assert db("check").exit_code == 1
    said(db("init"))
    assert revision_of(absent_url) == [(head,)]
    said(db("check"))
    newest = schema(absent_url)
    assert re.search(r"^admin: \S{12,}\nuser: \S{12,}$", said(db("seed")), re.MULTILINE)
    assert said(db("seed")) == "the users admin and user are there already\n"
    said(db("rollback", "--step", "1", "--yes"))
    assert revision_of(absent_url) == [(scripts().get_revision(head).down_revision,)]
    said(db("migrate"))
    assert users_of(absent_url) == [("admin",), ("user",)]
    said(db("stamp", FIRST))
    assert revision_of(absent_url) == [(FIRST,)]
    collision = db("migrate")
    assert (collision.exit_code, "already exists" in str(collision.exception)) == (1, True), collision.output
    said(db("stamp", "head"))
    said(db("check"))
    said(db("reset", "--yes"))
    assert users_of(absent_url) == []
    assert schema(absent_url) == newest
    said(db("reset-tables", "--yes"))
    assert sum(len(each) for each in schema(absent_url).values()) == 0
    assert "admin: " in said(db("setup"))
    assert schema(absent_url) == newest
    asyncio.run(execute(absent_url, "DROP TABLE sessions", "DELETE FROM users WHERE username = 'user'"))
    assert db("check").exit_code == 1
    assert "admin: " in said(db("setup-reset", "--yes"))
    assert schema(absent_url) == newest
    assert users_of(absent_url) == [("admin",), ("user",)]


def test_the_verbs_that_only_look(db: Db, tmp_path: Path) -> None:
    head = str(head_revision())
    assert f"Rev: {head} (head)" in said(db("status"))
    assert f"Rev: {head} (head)" in said(db("heads"))
    assert said(db("branches")) == ""
    assert f" -> {head} (head) (current), " in said(db("history")).splitlines()[0]
    assert said(db("history", "--range", f":{FIRST}")).startswith(f"<base> -> {FIRST}")
    assert f"Rev: {FIRST}" in said(db("show", FIRST[:6]))
    assert "CREATE TABLE users" in said(db("sql", FIRST))
    said(db("sql", "--output", str(tmp_path / "up.sql")))
    assert "CREATE TABLE webhook_endpoints" in (tmp_path / "up.sql").read_text()
    part = said(db("sql", f"{FIRST}:head"))
    assert "CREATE TABLE users" not in part
    assert "CREATE TABLE stores" in part


def test_a_revision_that_is_not_there_is_refused_in_a_sentence(db: Db) -> None:
    for arguments in (
        ("show", "nothing"),
        ("migrate", "nothing"),
        ("stamp", "nothing"),
        ("history", "--app", "nobody"),
    ):
        refused = db(*arguments)
        assert refused.exit_code == 1
        assert "nothing" in str(refused.exception) or "there are opsroom" in str(refused.exception)


@pytest.mark.parametrize(
    ("on_sqlite", "on_postgresql"), [("audit_users_update", "audit_update"), ("touch_users", "touch_users")]
)
def test_a_trigger_that_was_dropped_is_found(db: Db, database_url: str, on_sqlite: str, on_postgresql: str) -> None:
    trigger = on_sqlite if "sqlite" in database_url else f"{on_postgresql} ON users"
    asyncio.run(execute(database_url, f"DROP TRIGGER {trigger}"))
    assert trigger.split()[0] in str(db("check").exception)
    said(db("migrate"))
    said(db("check"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("verb", DESTRUCTIVE)
def test_what_destroys_asks_and_in_production_is_refused_without_a_second_flag(
    db: Db, database_url: str, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schema(database_url)
    asked = db(verb, keys="n\n")
    assert asked.exit_code == 1
    assert "[y/N]" in asked.output
    monkeypatch.setenv("OPSROOM_ENVIRONMENT", "production")
    refused = db(verb, "--yes")
    assert refused.exit_code == 2
    assert "--in-production" in refused.output
    assert db(verb, "--in-production", keys="n\n").exit_code == 1
    assert schema(database_url) == before
    said(db(verb, "--in-production", "--yes"))


@pytest.mark.slow
def test_an_app_from_outside_has_a_history_of_its_own(empty_url: str, tmp_path: Path) -> None:
    versions = plant_app(tmp_path / "site")

    def opsroom(*commands: tuple[str, int]) -> list[str]:
        return in_one_process(empty_url, tmp_path, commands)

    def revisions() -> list[tuple[str]]:
        return asyncio.run(rows(empty_url, "SELECT version_num FROM alembic_version_probe"))

    _, refused, _, _, status, theirs, ours, *_, branches = opsroom(
        ("db migrate --app opsroom", 0),
        ("serve", 2),
        ("db migrate", 0),
        ("db check", 0),
        ("db status", 0),
        ("db sql --app probe", 0),
        ("db sql", 0),
        ("db create-empty second --app probe", 0),
        ("db create-branch third --parent aaaaaaaaaaa1 --app probe", 0),
        ("db branches --app probe", 0),
    )
    assert "the app probe in the database has no tables yet" in refused
    assert revisions() == [("aaaaaaaaaaa1",)]
    assert "# probe\n" in status
    assert ("CREATE TABLE sensors" in theirs, "CREATE TABLE users" in theirs) == (True, False)
    assert ("CREATE TABLE sensors" in ours, "CREATE TABLE users" in ours) == (False, True)
    assert "(branchpoint)" in branches
    for refusal in opsroom(("serve", 2), ("db verify", 1)):
        assert "several heads" in refusal

    for path in versions.glob("*third.py"):
        path.unlink()
    models = versions.parents[1] / "models.py"
    models.write_text(models.read_text() + "    room: Mapped[str | None] = mapped_column(String(20))\n")
    older, _, drift, _ = opsroom(("serve", 2), ("db migrate", 0), ("db check", 1), ("db create a_room --app probe", 0))
    assert "older than this program" in older
    assert "room" in drift
    written = next(versions.glob("*a_room.py")).read_text()
    assert "batch_op.add_column(sa.Column('room'" in written
    assert "users" not in written
    opsroom(("db migrate", 0), ("db check", 0))

    asyncio.run(execute(empty_url, "UPDATE alembic_version_probe SET version_num = 'ffffffffffff'"))
    newer, *_ = opsroom(
        ("worker", 1),
        ("db reset-tables --yes", 0),
        ("db migrate", 0),
        ("db reset --yes", 0),
        ("db rollback --step 3 --app probe --yes", 0),
    )
    assert "newer than the installed probe" in newer
    assert revisions() == []


SEVERAL = """
import json, sys
from typer.testing import CliRunner
from opsroom.cli import program
results = [CliRunner().invoke(program, line.split()) for line in json.load(sys.stdin)]
json.dump([(r.exit_code, r.output + str(r.exception)) for r in results], sys.stdout)
"""


def in_one_process(url: str, folder: Path, commands: tuple[tuple[str, int], ...]) -> list[str]:
    """What each command said, with its exit status checked; the app in `folder / "site"` is installed."""
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL],
        env=environment_for(url, PYTHONPATH=str(folder / "site"), OPSROOM_DATA_DIR=str(folder / "data")),
        input=json.dumps([line for line, _ in commands]),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    for (line, status), (found, output) in zip(commands, results, strict=True):
        assert (line, found) == (line, status), output
    return [output for _, output in results]


TARGETS = {
    "db-create NAME=new": 'create "new"',
    "db-create-empty NAME=new": 'create-empty "new"',
    "db-create-branch NAME=new PARENT=abc": 'create-branch "new" --parent "abc"',
    "db-migrate": "migrate head",
    "db-migrate REVISION=abc APP=probe": "migrate abc --app probe",
    "db-rollback": "rollback --step 1",
    "db-rollback STEP=3 YES=1": "rollback --step 3 --yes",
    "db-reset YES=1 PRODUCTION=1": "reset --yes --in-production",
    "db-status": "status",
    "db-history": "history",
    "db-history RANGE=a:b": "history --range a:b",
    "db-show REVISION=abc": 'show "abc"',
    "db-heads": "heads",
    "db-branches": "branches",
    "db-stamp REVISION=abc": 'stamp "abc"',
    "db-sql": "sql head",
    "db-sql REVISION=abc OUTPUT=up.sql": "sql abc --output up.sql",
    "db-verify": "verify",
    "db-verify LAST=2": "verify --last 2",
    "db-init": "init",
    "db-setup": "setup",
    "db-setup-reset YES=1": "setup-reset --yes",
    "db-create-database": "create-database",
    "db-reset-tables": "reset-tables",
    "db-seed": "seed",
    "db-check": "check",
    "db-backup FILE=all.zip": 'backup "all.zip"',
    "db-restore FILE=all.zip": 'restore "all.zip"',
}


def make(*arguments: str) -> str:
    """What a target would do, without what it needs to have been done."""
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_each_make_target_calls_its_verb(target: str) -> None:
    last = make("-n", *target.split()).splitlines()[-1]
    assert last.split() == [".venv/bin/opsroom", "db", *TARGETS[target].split()]


def test_make_help_lists_every_target_of_the_database() -> None:
    shown = make("help")
    for target in TARGETS:
        assert re.search(rf"^  {target.split()[0]} ", shown, re.MULTILINE), target
    assert "\nDatabase: " in shown


def test_a_target_without_what_it_needs_says_so() -> None:
    done = subprocess.run(["make", "-n", "db-show"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "REVISION= is needed" in done.stderr


def test_every_verb_has_its_target() -> None:
    group: Any = get_command(db_commands.group)
    assert {target.split()[0].removeprefix("db-") for target in TARGETS} == set(group.commands)
