"""Backup and restore: while others write, into a fresh place, and never a damaged one."""

import asyncio
import itertools
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from tests.conftest import NO_PASSWORD
from tests.migrating import execute, rows, run_opsroom

from opsroom.backup.archive import MANIFEST, Manifest
from opsroom.backup.run import backup, restore
from opsroom.core.auth.models import Role, User
from opsroom.core.db.engine import Database
from opsroom.core.errors import WrongSetting
from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.migrations import commands

BOTH = pytest.mark.parametrize(("database_url", "empty_url"), [("sqlite",) * 2, ("postgresql",) * 2], indirect=True)
ODD = 'O\'Neill "\\N" \\ ç 漢\t\n;'


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "here")


@pytest.fixture
def other_blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "there")


async def put(url: str, blobs: Blobs, content: bytes = b"a file") -> None:
    """A person with odd characters, a stored file, and a few changes for the trail."""
    database = Database(url)
    blob = await blobs.keep_bytes(content)
    async with database.transaction() as session:
        user = User(username=ODD, password_hash=NO_PASSWORD, role=Role.USER)
        session.add(user)
        await session.flush()
        session.add(
            Artifact(
                name=ODD,
                type=ArtifactType.DATASET,
                media_type="text/plain",
                sha256=blob.sha256,
                size_bytes=blob.size,
                tags={"a": [1, None, ODD.replace("\n", " ")]},
                owner_id=user.id,
            )
        )
    async with database.transaction() as session:
        await session.execute(update(User).values(email="o@example.org"))
    await database.close()


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("users", "artifacts", "audit_transactions", "audit_entries", "alembic_version")
    return {name: sorted(asyncio.run(rows(url, f"SELECT * FROM {name}")), key=repr) for name in tables}


@BOTH
def test_everything_comes_back_in_a_fresh_place(
    database_url: str, empty_url: str, blobs: Blobs, other_blobs: Blobs, tmp_path: Path
) -> None:
    asyncio.run(put(database_url, blobs))
    file = tmp_path / "all.zip"
    saved = asyncio.run(backup(database_url, blobs, file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert (saved.tables["users"].rows, saved.tables["audit_entries"].rows) == (
        1,
        len(everything(database_url)["audit_entries"]),
    )
    assert list(saved.files.values()) == [6]
    told: list[str] = []
    restore(empty_url, other_blobs, file, told.append)
    assert told == []
    assert everything(empty_url) == everything(database_url)
    commands.check(empty_url)
    asyncio.run(other_blobs.verify(next(iter(saved.files))))
    # It lives on: keys go on where they were, and what is done is recorded.
    before = len(everything(empty_url)["audit_entries"])
    asyncio.run(execute(empty_url, "UPDATE users SET email = 'new@example.org'"))
    assert len(everything(empty_url)["audit_entries"]) == before + 1
    asyncio.run(execute(empty_url, "DELETE FROM users"))
    assert asyncio.run(rows(empty_url, "SELECT owner_id FROM artifacts")) == [(None,)]


async def writing(database: Database, name: str, committed: asyncio.Queue[int]) -> None:
    """Two people at a time in each transaction: a state with an odd number of them never was."""
    rest = {"password_hash": NO_PASSWORD, "role": Role.USER, "is_active": True, "is_superuser": False}
    for number in itertools.count():
        async with database.transaction() as session:
            for half in ("one", "other"):
                await session.execute(insert(User).values(username=f"{name} {number} {half}", **rest))
        committed.put_nowait(number)


async def backed_up_under_load(url: str, blobs: Blobs, folder: Path) -> list[Path]:
    """Three backups while two writers write, each with more in it than the one before."""
    database = Database(url)
    committed: asyncio.Queue[int] = asyncio.Queue()
    writers = [asyncio.create_task(writing(database, name, committed)) for name in ("a", "b")]
    files = [folder / f"{number}.zip" for number in range(3)]
    for file in files:
        while not committed.empty():
            committed.get_nowait()
        for _ in range(5):
            await committed.get()
        await backup(url, blobs, file)
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    await database.close()
    return files


@BOTH
def test_a_backup_taken_while_others_write_is_one_state(
    database_url: str, empty_url: str, blobs: Blobs, other_blobs: Blobs, tmp_path: Path
) -> None:
    files = asyncio.run(backed_up_under_load(database_url, blobs, tmp_path))
    sizes = [read_manifest(file).tables["users"].rows for file in files]
    assert sizes == sorted(set(sizes))
    assert all(size % 2 == 0 for size in sizes)
    restore(empty_url, other_blobs, files[-1], print)
    ((people,),) = asyncio.run(rows(empty_url, "SELECT count(*) FROM users"))
    query = "SELECT count(*), count(DISTINCT transaction_id) FROM audit_entries WHERE table_name = 'users'"
    assert (people, asyncio.run(rows(empty_url, query))) == (sizes[-1], [(sizes[-1], sizes[-1] // 2)])
    commands.check(empty_url)


def read_manifest(file: Path) -> Manifest:
    with zipfile.ZipFile(file) as archive:
        return Manifest.from_json(archive.read(MANIFEST))


def tampered(file: Path, member: str, change: Any) -> Path:
    """The same archive with one member changed."""
    other = file.with_name("tampered.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return other


@BOTH
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    database_url: str, empty_url: str, blobs: Blobs, other_blobs: Blobs, tmp_path: Path
) -> None:
    asyncio.run(put(database_url, blobs))
    file = tmp_path / "all.zip"
    asyncio.run(backup(database_url, blobs, file))
    member = "database.sqlite" if database_url.startswith("sqlite") else "tables/users"
    for bad in (
        tampered(file, member, lambda content: content.replace(b"o@example.org", b"x@example.org")),
        tampered(file, MANIFEST, lambda content: content.replace(b'"rows": 1', b'"rows": 2')),
    ):
        with pytest.raises(WrongSetting, match="the backup is damaged"):
            restore(empty_url, other_blobs, bad, print)
        restore_is_still_possible(empty_url, tmp_path)
    with pytest.raises(WrongSetting, match="has other bytes"):
        restore(
            empty_url,
            other_blobs,
            tampered(file, f"files/{next(iter(read_manifest(file).files))}", lambda _: b"?"),
            print,
        )


def restore_is_still_possible(url: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="no such file"):
        restore(url, Blobs(tmp_path / "x"), tmp_path / "absent.zip", print)
    commands.script(url, output=tmp_path / "any.sql")


def test_a_place_with_tables_is_never_overwritten(database_url: str, blobs: Blobs, tmp_path: Path) -> None:
    asyncio.run(put(database_url, blobs))
    asyncio.run(backup(database_url, blobs, tmp_path / "all.zip"))
    before = everything(database_url)
    with pytest.raises(WrongSetting, match="into an empty one only"):
        restore(database_url, blobs, tmp_path / "all.zip", print)
    assert everything(database_url) == before
    with pytest.raises(WrongSetting, match="is there already; name another file"):
        asyncio.run(backup(database_url, blobs, tmp_path / "all.zip"))


@BOTH
def test_a_backup_of_an_older_schema_comes_back_as_it_was_and_migrates(
    database_url: str, empty_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    asyncio.run(put(database_url, blobs))
    commands.rollback(database_url, 2)
    asyncio.run(backup(database_url, blobs, tmp_path / "all.zip"))
    restore(empty_url, blobs, tmp_path / "all.zip", print)
    assert everything(empty_url) == everything(database_url)
    commands.migrate(empty_url)
    commands.check(empty_url)


@BOTH
def test_a_backup_of_a_newer_program_is_refused(
    database_url: str, empty_url: str, blobs: Blobs, tmp_path: Path
) -> None:
    asyncio.run(execute(database_url, "UPDATE alembic_version SET version_num = 'ffffffffffff'"))
    asyncio.run(backup(database_url, blobs, tmp_path / "all.zip"))
    with pytest.raises(WrongSetting, match="newer than the program"):
        restore(empty_url, blobs, tmp_path / "all.zip", print)


@pytest.mark.parametrize(
    ("database_url", "empty_url"), [("sqlite", "postgresql"), ("postgresql", "sqlite")], indirect=True
)
def test_another_engine_is_refused(database_url: str, empty_url: str, blobs: Blobs, tmp_path: Path) -> None:
    asyncio.run(backup(database_url, blobs, tmp_path / "all.zip"))
    with pytest.raises(WrongSetting, match="is another engine"):
        restore(empty_url, blobs, tmp_path / "all.zip", print)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_stored_files_may_stay_where_they_are_and_those_that_are_missing_are_named(
    database_url: str, empty_url: str, blobs: Blobs, other_blobs: Blobs, tmp_path: Path
) -> None:
    asyncio.run(put(database_url, blobs))
    asyncio.run(backup(database_url, blobs, tmp_path / "names.zip", with_files=False))
    told: list[str] = []
    saved = restore(empty_url, other_blobs, tmp_path / "names.zip", told.append)
    assert told == [f"The stored file {next(iter(saved.files))} is missing; restore it from a backup."]
    asyncio.run(backup(database_url, other_blobs, tmp_path / "without.zip"))
    assert read_manifest(tmp_path / "without.zip").missing == list(saved.files)


@BOTH
def test_by_the_command_line(database_url: str, empty_url: str, tmp_path: Path) -> None:
    file, folder = str(tmp_path / "all.zip"), {"OPSROOM_DATA_DIR": str(tmp_path / "data")}
    saved = run_opsroom(database_url, "db", "backup", file, **folder)
    assert (saved.returncode, saved.stdout.startswith("saved: ")) == (0, True), saved.stderr
    restored = run_opsroom(empty_url, "db", "restore", file, **folder)
    assert (restored.returncode, restored.stdout.startswith("restored and verified: ")) == (0, True), restored.stderr
    again = run_opsroom(empty_url, "db", "restore", file, **folder)
    assert (again.returncode, "Traceback" in again.stderr) == (2, False)
    Path(file).write_bytes(b"no archive")
    assert "is no whole backup" in run_opsroom(empty_url, "db", "restore", file, **folder).stderr
