"""SQLite: VACUUM INTO reads one state of the database while others write, and leaves no hole behind."""

import hashlib
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from opsroom.backup.archive import CHUNK, Manifest, TableRows, Writer, chunks
from opsroom.core.errors import WrongSetting
from opsroom.migrations.histories import VERSION_TABLE

MEMBER = "database.sqlite"
BUSY_SECONDS = 30
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"


def save(database: Path, near: Path, writer: Writer, manifest: Manifest) -> None:
    """`near` is a folder with room for another copy of the database."""
    with tempfile.TemporaryDirectory(dir=near, prefix=".opsroom-backup-") as folder:
        copy = Path(folder) / "copy.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        _describe(copy, manifest)
        with writer.member(MEMBER) as member, copy.open("rb") as file:
            while chunk := file.read(CHUNK):
                member.write(chunk)
        manifest.database_sha256 = member.sha256


def is_empty(database: Path) -> bool:
    if not database.exists():
        return True
    with closing(sqlite3.connect(database)) as connection:
        return not connection.execute(TABLES).fetchall()


def load(archive: zipfile.ZipFile, manifest: Manifest, database: Path) -> None:
    """The database gets its name once it is whole and verified.

    Raises:
        WrongSetting: what is in the archive is not what its manifest says.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with _extracted(archive, manifest, database.parent) as copy:
        found = Manifest(manifest.engine, manifest.program, manifest.made_at)
        _describe(copy, found)
        if (found.tables, found.revisions) != (manifest.tables, manifest.revisions):
            raise WrongSetting("the backup is damaged: its tables have other rows than its manifest says")
        _check(copy)
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        copy.replace(database)


@contextmanager
def _extracted(archive: zipfile.ZipFile, manifest: Manifest, folder: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".opsroom-restore-")
    path = Path(name)
    try:
        hasher = hashlib.sha256()
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks(archive, MEMBER):
                hasher.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if hasher.hexdigest() != manifest.database_sha256:
            raise WrongSetting("the backup is damaged: its database is not the one that was saved")
        yield path
    finally:
        path.unlink(missing_ok=True)


def _describe(copy: Path, manifest: Manifest) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        for (name,) in connection.execute(TABLES).fetchall():
            if name.startswith(VERSION_TABLE):
                row = connection.execute(f'SELECT version_num FROM "{name}"').fetchone()  # noqa: S608  found in the catalogue
                manifest.revisions |= {name: row[0]} if row else {}
                continue
            (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608  as above
            manifest.tables[name] = TableRows(count)
        files = connection.execute("SELECT DISTINCT sha256, size_bytes FROM artifacts") if _has_files(manifest) else ()
        manifest.files = dict(files)


def _has_files(manifest: Manifest) -> bool:
    return "artifacts" in manifest.tables


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        broken = connection.execute("PRAGMA integrity_check").fetchall()
        dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken != [("ok",)] or dangling:
        raise WrongSetting(f"the backup is damaged: {broken[0][0]}, {len(dangling)} dangling references")
