"""A restored backup is what it was, and shows it: its trail verifies, and leads to its tables."""

import asyncio
from pathlib import Path

import pytest
from tests.quality.conftest import make_world

from opsroom.backup.run import backup, restore
from opsroom.core.audit.reconciliation import reconcile
from opsroom.core.audit.sealed.notes import signer_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.audit.sealed.verification import verify
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.storage.blobs import Blobs

SIGNER = signer_of("a secret of the tests that is long enough", "tests")


async def filled_and_sealed(url: str) -> int:
    database = Database(url)
    async with database.transaction() as session:
        await make_world(session)
    done = await seal(database, [SIGNER])
    await database.close()
    return done.size


async def judged(url: str) -> tuple[int, tuple[str, ...], int]:
    """How many entries are sealed, what is wrong with them, and in how many places the tables differ from them."""
    database = Database(url)
    async with database.reading() as connection:
        verdict = await verify(connection, [SIGNER.verifier_key])
    differences = await reconcile(database, Base.metadata)
    await database.close()
    return verdict.size, verdict.findings, len(differences)


@pytest.mark.parametrize(("database_url", "empty_url"), [("sqlite",) * 2, ("postgresql",) * 2], indirect=True)
def test_a_restored_backup_reconciles_and_verifies(database_url: str, empty_url: str, tmp_path: Path) -> None:
    size = asyncio.run(filled_and_sealed(database_url))
    asyncio.run(backup(database_url, Blobs(tmp_path / "here"), tmp_path / "all.zip", with_files=False))
    restore(empty_url, Blobs(tmp_path / "there"), tmp_path / "all.zip", lambda _: None)
    assert asyncio.run(judged(empty_url)) == (size, (), 0)
