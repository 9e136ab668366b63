"""Bytes by their SHA-256, in a folder or an object store."""

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url
from uuid_utils.compat import uuid7

from opsroom.core.errors import Refusal, TooLarge, Unavailable, disk_refusal

CHUNK = 1 << 20
LEFTOVER_SECONDS = 86_400  # nothing takes a day to arrive


@dataclass(frozen=True, slots=True)
class Blob:
    sha256: str
    size: int


class Blobs:
    """A content-addressed store. Writing the same bytes twice is harmless, so blobs need no transaction."""

    def __init__(self, scratch: Path, url: str | None = None) -> None:
        """`scratch` holds files while they arrive; without `url` it also holds the blobs themselves."""
        self.scratch = scratch / "arriving"
        self.scratch.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(self.scratch)
        self._folder = None if url else scratch / "artifacts"
        self._store = from_url(url) if url else LocalStore(scratch / "artifacts", mkdir=True)

    async def keep_file(self, path: Path) -> Blob:
        """Store a finished file under its hash. Only whole files ever become visible there."""
        sha256, size = await asyncio.to_thread(_hash_file, path)
        await self._put(sha256, path)
        return Blob(sha256, size)

    async def keep_bytes(self, content: bytes) -> Blob:
        sha256 = hashlib.sha256(content).hexdigest()
        await self._put(sha256, content)
        return Blob(sha256, len(content))

    async def receive(self, chunks: AsyncIterable[bytes], limit: int) -> Path:
        """Write arriving bytes to a scratch file, in constant memory. The caller deletes the file.

        Raises:
            TooLarge, Unavailable: more than `limit` bytes came, or the disk is full; nothing is left behind.
        """
        with _told_plainly(), tempfile.NamedTemporaryFile(dir=self.scratch, delete=False) as file:
            try:
                await _write(file, chunks, limit)
            except BaseException:
                _discard(Path(file.name))
                raise
        return Path(file.name)

    async def verify(self, sha256: str) -> None:
        """Read the whole blob and compare its hash, so that a corrupted file is never served.

        Raises:
            Unavailable: the blob is missing or its bytes have changed.
        """
        hasher = hashlib.sha256()
        async for chunk in self.stream(sha256):
            hasher.update(chunk)
        if hasher.hexdigest() != sha256:
            raise _corrupted(sha256)

    async def stream(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a blob, a megabyte at a time."""
        with _told_plainly(sha256):
            if start or end is not None:
                size = (await self._store.head_async(_key(sha256)))["size"]
                position, stop = start, size if end is None else min(end, size)
                while position < stop:
                    part = await self._store.get_range_async(
                        _key(sha256), start=position, end=min(position + CHUNK, stop)
                    )
                    position += len(part)
                    yield bytes(part)
                return
            found = await self._store.get_async(_key(sha256))
            async for piece in found.stream(min_chunk_size=CHUNK):
                yield bytes(piece)

    async def fetch(self, sha256: str) -> Path:
        """A scratch copy of a blob, verified, for libraries that read files. The caller deletes it and does not write.

        Raises:
            Unavailable: the blob is missing or its bytes have changed.
        """
        path = self._linked(sha256) or await self.receive(self.stream(sha256), limit=1 << 62)
        if (await asyncio.to_thread(_hash_file, path))[0] != sha256:
            _discard(path)
            raise _corrupted(sha256)
        return path

    def _linked(self, sha256: str) -> Path | None:
        """A second name for a blob of the local folder: nothing is copied. None where that cannot be had."""
        if self._folder is None:
            return None
        path = self.scratch / f"blob-{uuid7()}"
        try:
            path.hardlink_to(self._folder / _key(sha256))
        except OSError:
            return None
        return path

    async def _put(self, sha256: str, content: Path | bytes) -> None:
        with _told_plainly():
            await self._store.put_async(_key(sha256), content)
            if self._folder is not None:
                # The row that names the blob is committed next; no power cut may leave it without one.
                await asyncio.to_thread(_settle, self._folder / _key(sha256))


async def _write(file: IO[bytes], chunks: AsyncIterable[bytes], limit: int) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The file is larger than {limit} bytes.", limit_bytes=limit)
        await asyncio.to_thread(file.write, chunk)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


@contextmanager
def _told_plainly(reading: str = "") -> Iterator[None]:
    """Turn the errors of disks and object stores into refusals; `reading` is the hash of the blob that is read."""
    try:
        yield
    except OSError as error:
        if reading and isinstance(error, FileNotFoundError):
            raise Unavailable(
                f"The stored file {reading} is missing; restore it from a backup.", code="artifact_missing"
            ) from None
        if (full := disk_refusal(error)) is not None:
            raise full from error
        raise
    except BaseError as error:
        away = Unavailable("The store of files does not answer; try again in a moment.", code="storage_unavailable")
        raise disk_refusal(error) or away from error


def _corrupted(sha256: str) -> Refusal:
    return Unavailable(f"The stored file {sha256} is corrupted; restore it from a backup.", code="artifact_corrupted")


def _settle(path: Path) -> None:
    """Have the disk keep the file, and the folder its name."""
    for each in (path, path.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_leftovers(scratch: Path) -> None:
    """What processes that were killed left behind."""
    for path in scratch.iterdir():
        try:
            if time.time() - path.stat().st_mtime < LEFTOVER_SECONDS:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        except FileNotFoundError:  # another process was faster
            continue


def _discard(path: Path) -> None:
    path.unlink(missing_ok=True)


def _hash_file(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
