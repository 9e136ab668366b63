"""What tests of migrations share: looking at a schema, running the program, and planting migrations."""

import asyncio
import os
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from tests.conftest import SECRET

from opsroom.core.db.engine import Database
from opsroom.migrations.check import require_current
from opsroom.migrations.histories import FOLDER
from opsroom.migrations.schema import alembic_config, head_revision
from opsroom.migrations.shape import POSTGRESQL_SHAPE

Schema = dict[str, set[tuple[Any, ...]]]


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
        found = asyncio.run(rows(url, "SELECT type, name, tbl_name, sql FROM sqlite_master"))
        return {"all": {(*names, constraints_in_order(sql)) for *names, sql in found}}
    return {kind: set(asyncio.run(rows(url, query))) for kind, query in POSTGRESQL_SHAPE.items()}


def constraints_in_order(sql: str | None) -> str | None:
    """A table that alembic has rebuilt has its constraints in the order of a Python set."""
    if not sql or not sql.startswith("CREATE TABLE"):
        return sql
    lines = [line.strip().rstrip(",") for line in sql.splitlines()]
    constraints = sorted(line for line in lines if line.startswith("CONSTRAINT"))
    return "\n".join([*(line for line in lines if line not in constraints), *constraints])


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


async def fits(url: str) -> None:
    database = Database(url)
    try:
        await require_current(database)
    finally:
        await database.close()


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
