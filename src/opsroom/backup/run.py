"""Saving everything while people work, and having it again in a fresh place."""

import asyncio
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from opsroom import __version__
from opsroom.backup import postgresql, sqlite
from opsroom.backup.archive import Manifest, Writer, chunks, opened, written
from opsroom.core.clock import now
from opsroom.core.db.engine import async_url, sqlite_path
from opsroom.core.errors import Refusal, WrongSetting
from opsroom.core.storage.blobs import Blobs
from opsroom.migrations import commands
from opsroom.migrations.databases import create_database, drop_everything
from opsroom.migrations.histories import all_histories
from opsroom.migrations.schema import scripts

Told = Callable[[str], None]


async def backup(url: str, blobs: Blobs, path: Path, *, with_files: bool = True) -> Manifest:
    """One state of the database, and the stored files it names.

    Raises:
        WrongSetting: the file cannot be made, or is there already.
    """
    target = async_url(url)
    manifest = Manifest(target.get_backend_name(), __version__, now().isoformat(), has_files=with_files)
    with written(path, lambda: manifest) as writer:
        database = sqlite_path(target)
        if database is None:
            await postgresql.save(url, writer, manifest)
        elif database.exists():
            await asyncio.to_thread(sqlite.save, database, path.parent, writer, manifest)
        else:
            raise WrongSetting(f"there is no database at {database}")
        if with_files:
            await _save_files(blobs, writer, manifest)
    return manifest


def restore(url: str, blobs: Blobs, path: Path, tell: Told) -> Manifest:
    """Everything of a backup, into a database without tables; a failure leaves it without tables again.

    Raises:
        WrongSetting: the place is not empty, or of another engine; or the backup is damaged, or of a newer program.
    """
    with opened(path) as (archive, manifest):
        target = async_url(url)
        if target.get_backend_name() != manifest.engine:
            raise WrongSetting(f"{path} is a backup of {manifest.engine}; OPSROOM_DATABASE_URL is another engine")
        _require_known(manifest)
        database = sqlite_path(target)
        if database is None:
            _restore_postgresql(url, archive, manifest, tell)
        elif sqlite.is_empty(database):
            sqlite.load(archive, manifest, database)
        else:
            raise _occupied()
        asyncio.run(_load_files(blobs, archive, manifest, tell))
        return manifest


def _restore_postgresql(url: str, archive: zipfile.ZipFile, manifest: Manifest, tell: Told) -> None:
    asyncio.run(create_database(url))
    if not asyncio.run(postgresql.is_empty(url)):
        raise _occupied()
    try:
        _migrate(url, manifest)
        for name in asyncio.run(postgresql.load(url, archive, manifest)):
            tell(f"left out: {name}, a table that no installed app has")
        _migrate(url, manifest)  # nothing to migrate, but it makes the triggers anew
    except BaseException:
        asyncio.run(drop_everything(url))
        raise


def _migrate(url: str, manifest: Manifest) -> None:
    for history in all_histories():
        if history.version_table in manifest.revisions:
            commands.migrate(url, manifest.revisions[history.version_table], history.name)


def _require_known(manifest: Manifest) -> None:
    for history in all_histories():
        revision = manifest.revisions.get(history.version_table)
        known = {script.revision for script in scripts(history).walk_revisions()}
        if revision is not None and revision not in known:
            raise WrongSetting(
                f"the backup is of {history.name} at revision {revision}, which this version does not know: "
                "it is newer than the program; install the newer version"
            )


def _occupied() -> WrongSetting:
    return WrongSetting("OPSROOM_DATABASE_URL: the database has tables; a backup is restored into an empty one only")


async def _save_files(blobs: Blobs, writer: Writer, manifest: Manifest) -> None:
    """The rows are of one instant, and a file never changes; one that is deleted meanwhile is named as missing."""
    for sha256 in sorted(manifest.files):
        try:
            path = await blobs.fetch(sha256)
        except Refusal:
            manifest.missing.append(sha256)
            continue
        try:
            with writer.member(f"files/{sha256}", squeeze=False) as member, path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    member.write(chunk)
        finally:
            path.unlink()


async def _load_files(blobs: Blobs, archive: zipfile.ZipFile, manifest: Manifest, tell: Told) -> None:
    present = set(archive.namelist())
    for sha256 in sorted(manifest.files):
        if f"files/{sha256}" in present:
            await _load_file(blobs, archive, sha256)
            continue
        try:
            await blobs.verify(sha256)
        except Refusal as refusal:
            tell(refusal.sentence)


async def _load_file(blobs: Blobs, archive: zipfile.ZipFile, sha256: str) -> None:
    with tempfile.NamedTemporaryFile(dir=blobs.scratch) as file:
        for chunk in chunks(archive, f"files/{sha256}"):
            file.write(chunk)
        file.flush()
        kept = await blobs.keep_file(Path(file.name))
    if kept.sha256 != sha256:
        raise WrongSetting(f"the backup is damaged: the file {sha256} has other bytes")
