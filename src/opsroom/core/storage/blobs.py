"""Bytes by their SHA-256, in a folder or an object store."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from obstore.store import LocalStore, from_url

from opsroom.core.errors import TooLarge, Unavailable

CHUNK = 1 << 20


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
        self._store = from_url(url) if url else LocalStore(scratch / "artifacts", mkdir=True)

    async def keep_file(self, path: Path) -> Blob:
        """Store a finished file under its hash. Only whole files ever become visible there."""
        sha256, size = await asyncio.to_thread(_hash_file, path)
        await self._store.put_async(_key(sha256), path)
        return Blob(sha256, size)

    async def keep_bytes(self, content: bytes) -> Blob:
        sha256 = hashlib.sha256(content).hexdigest()
        await self._store.put_async(_key(sha256), content)
        return Blob(sha256, len(content))

    async def receive(self, chunks: AsyncIterable[bytes], limit: int) -> Path:
        """Write arriving bytes to a scratch file, in constant memory. The caller deletes the file.

        Raises:
            TooLarge: more than `limit` bytes came; nothing is left behind.
        """
        with tempfile.NamedTemporaryFile(dir=self.scratch, delete=False) as file:
            try:
                await _write(file, chunks, limit)
            except BaseException:
                _discard(file.name)
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
            raise Unavailable(
                f"The stored file {sha256} is corrupted; restore it from a backup.", code="artifact_corrupted"
            )

    async def stream(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes [start, end) of a blob, a megabyte at a time."""
        try:
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
        except FileNotFoundError:
            raise Unavailable(
                f"The stored file {sha256} is missing; restore it from a backup.", code="artifact_missing"
            ) from None

    async def fetch(self, sha256: str) -> Path:
        """A scratch copy of a blob, for libraries that read files. The caller deletes it."""
        return await self.receive(self.stream(sha256), limit=1 << 62)


async def _write(file: IO[bytes], chunks: AsyncIterable[bytes], limit: int) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The file is larger than {limit} bytes.", limit_bytes=limit)
        await asyncio.to_thread(file.write, chunk)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def _discard(name: str) -> None:
    Path(name).unlink(missing_ok=True)


def _hash_file(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
