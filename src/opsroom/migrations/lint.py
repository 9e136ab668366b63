"""Which statements of a migration would lock others out, or break the version that still runs?

Read by squawk (https://squawkhq.com), a linter for migrations of PostgreSQL, from the SQL that the migration
would run there; no server is asked.
"""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.script import Script
from sqlalchemy.exc import SQLAlchemyError

from opsroom.core.errors import WrongSetting
from opsroom.migrations.histories import History
from opsroom.migrations.schema import alembic_config, scripts

OLDEST_SERVER = "14.0"
SOMEWHERE = "postgresql://nobody@localhost/nothing"  # for the dialect; it is never connected to
ACCEPTED = "lint_accepts"  # in a migration: rule → reason

# Matters of taste, and what `env.py` does for every migration.
NOT_ASKED = (
    "prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-identity", "prefer-robust-stmts",
    "prefer-text-field", "prefer-timestamp-tz", "require-lock-timeout", "require-statement-timeout",
    "transaction-nesting",
)  # fmt: skip

# Where the linter names the harm and no way around it.
SAFE = {
    "renaming-column": "add the new column, write both, fill it by a job, and drop the old one a release later",
    "renaming-table": "make a new table or a view of the new name, and drop the old one a release later",
    "ban-drop-column": "stop reading and writing it in one release, and drop it in a later one",
    "ban-drop-table": "stop using it in one release, and drop it in a later one",
    "ban-drop-constraint": "add the new one NOT VALID, validate it in a later migration, and drop the old one then",
    "ban-drop-not-null": "let the running version take nothing for a value first",
    "changing-column-type": "add a column of the new type, write both, fill it by a job, and drop the old one later",
}


def lint(history: History, last: int | None = None) -> Iterator[str]:
    """A sentence for each unsafe statement that the migration does not declare as accepted.

    Raises:
        WrongSetting: the linter is not installed.
    """
    program = _linter()
    for script in list(scripts(history).walk_revisions())[:last]:
        yield from _of_script(program, history, script)


def _of_script(program: str, history: History, script: Script) -> Iterator[str]:
    accepted = getattr(script.module, ACCEPTED, {})
    try:
        found = _run(program, _sql(history, script))
    except (SQLAlchemyError, AttributeError, TypeError) as error:  # it asked a connection that is not there
        yield f"{script.revision}: it cannot be written as SQL, so nobody could apply it by hand: {error}"
        return
    for each in found:
        rule = each["rule_name"]
        if rule not in accepted:
            instead = SAFE.get(rule) or each["help"] or "see https://squawkhq.com/docs/rules"
            yield f"{script.revision}: {rule}: {each['message']} Instead: {instead.rstrip('.')}."


def _sql(history: History, script: Script) -> str:
    config = alembic_config(SOMEWHERE, history)
    written = config.output_buffer = io.StringIO()
    command.upgrade(config, f"{script.down_revision or 'base'}:{script.revision}", sql=True)
    return written.getvalue()


def _run(program: str, sql: str) -> list[dict[str, str]]:
    # It ends with 1 when it has found something.
    done = subprocess.run(  # noqa: S603  the program beside this interpreter
        [program, "--reporter", "json", "--pg-version", OLDEST_SERVER, *(f"--exclude={rule}" for rule in NOT_ASKED)],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def _linter() -> str:
    beside = Path(sys.executable).with_name("squawk")
    found = str(beside) if beside.exists() else shutil.which("squawk")
    if found is None:
        raise WrongSetting("the linter of migrations is not installed; pip install 'opsroom[verify]'")
    return found
