"""Bytes by their SHA-256, in a folder or an object store for each tier.

New bytes arrive in the hot tier and are moved from there; reading looks for them tier by tier, so that a move that
is half done, or was done by another process a moment ago, is noticed by nobody.
"""

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from uuid_utils.compat import uuid7

from opsroom.core.errors import Refusal, TooLarge, Unavailable, disk_refusal
from opsroom.core.storage.tiers import Tier

log = structlog.get_logger("opsroom.storage")

CHUNK = 1 << 20
LEFTOVER_SECONDS = 86_400  # nothing takes a day to arrive


@dataclass(frozen=True, slots=True)
class Blob:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tier lives; folder: of one on this machine"""

    store: ObjectStore
    folder: Path | None


class Blobs:
    """A content-addressed store. Writing the same bytes twice is harmless, so blobs need no transaction."""

    def __init__(self, scratch: Path, url: str | None = None, tiers: Mapping[Tier, str] | None = None) -> None:
        """`scratch` holds files while they arrive; without `url` it also holds the blobs themselves.

        tiers: URLs of those beside hot that live elsewhere than beside it
        """
        self.scratch = scratch / "arriving"
        self.scratch.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(self.scratch)
        given = {Tier.HOT: url, **(tiers or {})}
        self._places = {tier: _place(scratch, url, tier, given.get(tier)) for tier in Tier}

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

    async def copy(self, sha256: str, tier: Tier) -> None:
        """Have a blob in another tier too, verified on its way.

        Raises:
            Unavailable: the blob is missing or its bytes have changed.
        """
        path = await self.fetch(sha256)
        try:
            await self._put(sha256, path, tier)
        finally:
            _discard(path)

    async def remove(self, sha256: str, tiers: Iterable[Tier] = tuple(Tier)) -> None:
        """Let go of a blob in these tiers; the caller knows that nothing needs it there."""
        for tier in tiers:
            with suppress(FileNotFoundError), _told_plainly():
                await self._places[tier].store.delete_async(_key(sha256))

    async def tiers_of(self, sha256: str) -> list[Tier]:
        """Where a blob is; usually in one tier, in two while it is moved."""
        return [tier for tier in Tier if await self._size_in(tier, sha256) is not None]

    async def verify(self, sha256: str) -> None:
        """Read the whole blob and compare its hash, so that a corrupted file is never served.

        Raises:
            Unavailable: the blob is missing or its bytes have changed.
        """
        hasher = hashlib.sha256()
        async for chunk in self.stream(sha256):
            hasher.update(chunk)
        if hasher.hexdigest() != sha256:
            log.error("a stored file is corrupted", sha256=sha256)
            raise _corrupted(sha256)

    async def stream(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a blob, a megabyte at a time."""
        with _told_plainly(sha256):
            store, size = await self._find(sha256)
            if start or end is not None:
                position, stop = start, size if end is None else min(end, size)
                while position < stop:
                    part = await store.get_range_async(_key(sha256), start=position, end=min(position + CHUNK, stop))
                    position += len(part)
                    yield bytes(part)
                return
            found = await store.get_async(_key(sha256))
            async for piece in found.stream(min_chunk_size=CHUNK):
                yield bytes(piece)

    async def fetch(self, sha256: str) -> Path:
        """A scratch copy of a blob, verified, for libraries that read files. The caller deletes it and does not write.

        Raises:
            Unavailable: the blob is missing or its bytes have changed.
        """
        path = self._linked(sha256) or await self.receive(self.stream(sha256), limit=1 << 62)
        if (await asyncio.to_thread(_hash_file, path))[0] != sha256:
            log.error("a stored file is corrupted", sha256=sha256)
            _discard(path)
            raise _corrupted(sha256)
        return path

    def read(self, sha256: str) -> bytes:
        """All of a blob that fits into memory, verified. Blocking: for threads that read many, one after the other.

        Raises:
            Unavailable: the blob is missing or its bytes have changed.
        """
        with _told_plainly(sha256):
            content = self._content(sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            log.error("a stored file is corrupted", sha256=sha256)
            raise _corrupted(sha256)
        return content

    def _content(self, sha256: str) -> bytes:
        for place in self._places.values():
            with suppress(FileNotFoundError):
                if place.folder is not None:
                    return (place.folder / _key(sha256)).read_bytes()
                return bytes(place.store.get(_key(sha256)).bytes())
        raise FileNotFoundError(sha256)

    def _linked(self, sha256: str) -> Path | None:
        """A second name for a blob of a local folder: nothing is copied. None where that cannot be had."""
        path = self.scratch / f"blob-{uuid7()}"
        for place in self._places.values():
            if place.folder is not None:
                with suppress(OSError):
                    path.hardlink_to(place.folder / _key(sha256))
                    return path
        return None

    async def _find(self, sha256: str) -> tuple[ObjectStore, int]:
        """The store that has the blob, and its size."""
        for tier in Tier:
            size = await self._size_in(tier, sha256)
            if size is not None:
                return self._places[tier].store, size
        raise FileNotFoundError(sha256)

    async def _size_in(self, tier: Tier, sha256: str) -> int | None:
        try:
            found: int = (await self._places[tier].store.head_async(_key(sha256)))["size"]
        except FileNotFoundError:
            return None
        return found

    async def _put(self, sha256: str, content: Path | bytes, tier: Tier = Tier.HOT) -> None:
        place = self._places[tier]
        with _told_plainly():
            await place.store.put_async(_key(sha256), content)
            if place.folder is not None:
                # The row that names the blob is committed next; no power cut may leave it without one.
                await asyncio.to_thread(_settle, place.folder / _key(sha256))


def _place(scratch: Path, hot: str | None, tier: Tier, url: str | None) -> Place:
    """Beside the hot tier, unless a URL says where."""
    if url is None and hot is not None:
        url = f"{hot.rstrip('/')}/{tier.value}"
    if url is not None and not url.startswith("file://"):
        return Place(from_url(url), None)
    name = "artifacts" if tier is Tier.HOT else f"artifacts-{tier.value}"
    folder = Path(unquote(urlsplit(url).path)) if url is not None else scratch / name
    return Place(LocalStore(folder, mkdir=True), folder)


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
