"""The file: a ZIP archive whose last member says what is in it.

manifest.json       what follows, with counts and hashes
database.sqlite     the whole database, of SQLite
tables/NAME         the rows of a table as PostgreSQL's COPY writes them, of PostgreSQL
files/SHA256        stored files
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from opsroom.core.errors import WrongSetting

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class TableRows:
    """Of SQLite, only how many: `columns` and `sha256` are empty."""

    rows: int
    columns: tuple[str, ...] = ()
    sha256: str = ""


@dataclass(slots=True)
class Manifest:
    """revisions: version table → revision; sequences: name → (last value, whether it was given out);
    files: SHA-256 → bytes; has_files: whether they are in the archive; missing: those the store did not have
    """

    engine: str
    program: str
    made_at: str
    revisions: dict[str, str] = field(default_factory=dict)
    tables: dict[str, TableRows] = field(default_factory=dict)
    sequences: dict[str, tuple[int, bool]] = field(default_factory=dict)
    database_sha256: str = ""
    files: dict[str, int] = field(default_factory=dict)
    has_files: bool = True
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        found: dict[str, Any] = json.loads(content)
        for name, table in found["tables"].items():
            found["tables"][name] = TableRows(table["rows"], tuple(table["columns"]), table["sha256"])
        return cls(**found)


class Member:
    """A member while it is written: counts its bytes into a hash."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hasher = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        self._hasher.update(chunk)
        self._stream.write(chunk)

    @property
    def sha256(self) -> str:
        return self._hasher.hexdigest()


class Writer:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def member(self, name: str, *, squeeze: bool = True) -> Iterator[Member]:
        about = zipfile.ZipInfo(name)
        about.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
        with self._archive.open(about, "w", force_zip64=True) as stream:
            yield Member(stream)


@contextmanager
def written(path: Path, manifest: Callable[[], Manifest]) -> Iterator[Writer]:
    """A new archive, readable by its owner only. It has its name once it is whole.

    Raises:
        WrongSetting: there is something of that name, or it cannot be made.
    """
    if path.exists():
        raise WrongSetting(f"{path} is there already; name another file")
    part = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise WrongSetting(f"{path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", compresslevel=1) as archive:
                yield Writer(archive)
                archive.writestr(MANIFEST, manifest().as_json())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """
    Raises:
        WrongSetting: it is no backup of ours, or one of a later format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = Manifest.from_json(archive.read(MANIFEST))
            if manifest.format != FORMAT:
                raise WrongSetting(f"{path} is a backup of format {manifest.format}; install a newer version")
            yield archive, manifest
    except FileNotFoundError:
        raise WrongSetting(f"{path}: there is no such file") from None
    except (zipfile.BadZipFile, KeyError, TypeError, json.JSONDecodeError) as error:
        raise WrongSetting(f"{path} is no whole backup: {error}") from None


def chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
