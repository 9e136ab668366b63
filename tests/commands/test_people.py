"""`opsroom user`, as an operator types it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from tests.conftest import SECRET
from typer.testing import CliRunner, Result

from opsroom.commands.user import group
from opsroom.core.db.engine import Database
from opsroom.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("OPSROOM_DATABASE_URL", settings.database)
    monkeypatch.setenv("OPSROOM_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OPSROOM_SECRET_KEY", SECRET)

    def invoke(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(group, list(arguments))
        assert result.exit_code == code, result.output
        return result

    return invoke


def query(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    async def read() -> Sequence[Any]:
        database = Database(settings.database)
        try:
            async with database.transaction() as session:
                return (await session.execute(text(statement))).all()
        finally:
            await database.close()

    return [tuple(row) for row in asyncio.run(read())]


def test_a_key_is_made_listed_and_revoked(run: Run, settings: Settings) -> None:
    run("create", "wanjiru")
    secret = run("key", "create", "wanjiru", "--name", "import", "--scope", "jobs.read", "--days", "3").output.strip()
    assert secret.startswith("opsroom_")
    (line,) = run("key", "list", "wanjiru").output.splitlines()
    assert secret not in line
    assert {"import", "jobs.read", "never"} <= set(line.split())
    assert run("key", "revoke", line.split()[0]).output == "import is revoked\n"
    assert "revoked 2" in run("key", "list", "wanjiru").output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("key", "create", "wanjiru", "--name", "x", "--scope", "users.read"), "users.read"),
        (("key", "create", "wanjiru", "--name", "x", "--scope", "jobs.read", "--days", "0"), "days"),
        (("key", "create", "nobody", "--name", "x", "--scope", "jobs.read"), "no user named nobody"),
        (("key", "revoke", "00000000-0000-7000-8000-000000000000"), "no API key"),
        (("unlock", "nobody"), "no user named nobody"),
        (("reset", "nobody"), "no user named nobody"),
        (("grant", "wanjiru", "no.such.thing"), "no permission no.such.thing"),
        (("withdraw", "wanjiru", "audit.read"), "not granted"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    run("create", "wanjiru")
    assert sentence in run(*arguments, code=2).stderr


def test_a_reset_revokes_keys_and_asks_for_another_password(run: Run, settings: Settings) -> None:
    run("create", "wanjiru")
    run("key", "create", "wanjiru", "--name", "import", "--scope", "jobs.read")
    username, _, password = run("reset", "wanjiru").output.strip().partition(": ")
    assert (username, len(password)) == ("wanjiru", 20)
    assert query(settings, "SELECT revoked_reason FROM api_keys") == [("password reset",)]
    assert query(settings, "SELECT count(*) FROM users WHERE must_change_password") == [(1,)]


def test_grants_come_and_go_and_the_trail_names_the_operator(run: Run, settings: Settings) -> None:
    run("create", "wanjiru")
    assert run("grant", "wanjiru", "quality.lots.release").output == "wanjiru has quality.lots.release\n"
    run("withdraw", "wanjiru", "quality.lots.release")
    run("unlock", "wanjiru")
    names = query(settings, "SELECT DISTINCT user_name FROM audit_log WHERE event LIKE 'auth.%'")
    assert len(names) == 1
    assert names[0][0].endswith("at the command line")
