"""`opsroom db verify`: the real history holds, and bad migrations planted behind it are found."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.migrating import Planted, run_opsroom, schema

from opsroom.migrations.cycles import NOTE, prove_cycles
from opsroom.migrations.databases import scratch_database
from opsroom.migrations.histories import FOLDER, OURS, VERSION_TABLE, History
from opsroom.migrations.lint import lint
from opsroom.migrations.verify import verify

REBUILT = 'with op.batch_alter_table("{}", recreate="always") as batch:\n    pass'
Plant = Callable[..., str]


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted("", tmp_path / "planted")


def with_planted(planted: Planted) -> History:
    return History(OURS, Path(os.pathsep.join([str(FOLDER / "versions"), str(planted.folder)])), VERSION_TABLE)


def linted(planted: Planted) -> str:
    return "\n".join(lint(with_planted(planted), last=1))


def cycled(planted: Planted, url: str, last: int = 1) -> str:
    with scratch_database(url) as scratch:
        return "\n".join(prove_cycles(scratch, with_planted(planted), last))


@pytest.mark.slow
def test_every_migration_of_ours_holds(empty_url: str) -> None:
    assert [finding for finding in verify([empty_url]) if not finding.startswith(NOTE)] == []


@pytest.mark.slow
def test_the_verb_uses_scratch_databases_only(database_url: str) -> None:
    before = schema(database_url)
    done = run_opsroom(database_url, "db", "verify", "--last", "1")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "every migration holds"), done.stderr
    assert schema(database_url) == before


@pytest.mark.parametrize(
    ("upgrade", "rule", "instead"),
    [
        (
            'op.add_column("jobs", sa.Column("shoe_size", sa.Integer, nullable=False))',
            "adding-required-field",
            "Make the field nullable or add a non-VOLATILE DEFAULT",
        ),
        (
            'op.create_index("ix_jobs_message", "jobs", ["message"])',
            "require-concurrent-index-creation",
            "Use `concurrently`",
        ),
        (
            'op.alter_column("jobs", "message", new_column_name="note")',
            "renaming-column",
            "add the new column, write both, fill it by a job, and drop the old one a release later",
        ),
        (
            'op.alter_column("jobs", "attempt", type_=sa.BigInteger)',
            "changing-column-type",
            "add a column of the new type",
        ),
    ],
)
def test_what_would_lock_or_break_the_running_version_is_refused_with_a_safe_way(
    planted: Planted, upgrade: str, rule: str, instead: str
) -> None:
    planted.add(upgrade)
    found = linted(planted)
    assert f"{planted.newest}: {rule}: " in found
    assert instead in found


@pytest.mark.parametrize(
    "upgrade",
    [
        'op.add_column("jobs", sa.Column("shoe_size", sa.Integer, server_default="42", nullable=False))',
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_jobs_message", "jobs", ["message"], postgresql_concurrently=True)
        """,
        """
        op.create_table("shoes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("size", sa.Integer))
        op.create_index("ix_shoes_size", "shoes", ["size"])
        """,
    ],
)
def test_the_safe_way_is_let_through(planted: Planted, upgrade: str) -> None:
    planted.add(upgrade)
    assert linted(planted) == ""


def test_an_unsafe_statement_may_be_accepted_with_a_reason(planted: Planted) -> None:
    planted.add('op.drop_column("jobs", "message")')
    assert "ban-drop-column" in linted(planted)
    newest = planted.folder / f"{planted.newest}.py"
    newest.write_text(newest.read_text() + '\nlint_accepts = {"ban-drop-column": "nothing has read it since 1.0"}\n')
    assert linted(planted) == ""


def test_a_migration_that_asks_the_database_cannot_be_written_as_sql(planted: Planted) -> None:
    planted.add('op.get_bind().execute(sa.text("SELECT count(*) FROM jobs")).scalar_one()')
    assert "cannot be written as SQL" in linted(planted)


ADD = 'with op.batch_alter_table("users") as batch:\n    batch.add_column(sa.Column("nickname", sa.String(40)))'
DROP = 'with op.batch_alter_table("users") as batch:\n    batch.drop_column("nickname")'


def test_a_good_migration_holds(planted: Planted, empty_url: str) -> None:
    planted.add('op.create_table("shoes", sa.Column("id", sa.Integer))', 'op.drop_table("shoes")')
    assert cycled(planted, empty_url) == ""


def test_a_way_back_that_takes_more_than_the_way_there_brought_is_found(planted: Planted, empty_url: str) -> None:
    planted.add("pass", 'op.drop_index("ix_sessions_user_id", table_name="sessions")')
    found = cycled(planted, empty_url)
    assert "down and up again gives another schema: missing " in found
    assert "ix_sessions_user_id" in found


def test_a_migration_that_fails_the_second_time_is_found(planted: Planted, empty_url: str) -> None:
    planted.add('op.create_table("shoes", sa.Column("id", sa.Integer))')
    assert "a migration fails on the way down and up" in cycled(planted, empty_url)


def test_a_column_lost_on_the_way_back_must_be_declared(planted: Planted, empty_url: str) -> None:
    planted.add(ADD, DROP)
    assert 'downgrade_loses = ("users.nickname",)' in cycled(planted, empty_url)
    newest = planted.folder / f"{planted.newest}.py"
    newest.write_text(newest.read_text() + '\ndowngrade_loses = ("users.nickname",)\n')
    assert cycled(planted, empty_url) == ""


def test_values_that_do_not_come_back_are_found(planted: Planted, empty_url: str) -> None:
    planted.add("op.execute(\"UPDATE users SET email = 'x' || username\")")
    assert "of 2 rows of users 2 are not as they were" in cycled(planted, empty_url)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_rebuilt_table_that_takes_its_children_along_is_found(planted: Planted, empty_url: str) -> None:
    """A migration that switches foreign keys on for itself: dropping the old table then deletes every delivery.

    Rows of `users` do not go silently: signatures keep them.
    """
    switched_on = 'for sql in ("COMMIT", "PRAGMA foreign_keys=ON", "BEGIN IMMEDIATE"):\n    op.execute(sql)\n'
    planted.add(switched_on + REBUILT.format("webhook_endpoints"))
    found = cycled(planted, empty_url)
    assert "rows of webhook_deliveries 2 are not as they were after down and up again, and 0 are there" in found


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_rebuilt_table_that_loses_a_trigger_is_found(planted: Planted, empty_url: str) -> None:
    """One migration makes a trigger, the next rebuilds its table: run together, nobody has set the trigger aside."""
    planted.add('op.execute("CREATE TRIGGER IF NOT EXISTS shout AFTER INSERT ON users BEGIN SELECT 1; END")')
    planted.add(REBUILT.format("users"))
    found = cycled(planted, empty_url, last=2)
    assert "all at once gives another schema than one by one: additional the trigger users shout" in found
