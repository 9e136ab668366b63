"""Files by what they contain: in, out, and what happens when a disk lets us down."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.core.errors import TooLarge, Unavailable
from opsroom.core.storage.blobs import CHUNK, Blob, Blobs

CONTENT = b"The quick brown fox jumps over the lazy dog"
SHA256 = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"  # FIPS 180 test message


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def stored(tmp_path: Path, sha256: str = SHA256) -> Path:
    return tmp_path / "artifacts" / sha256[:2] / sha256


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in stream])


def big(size: int) -> bytes:
    """Bytes that no two megabytes share."""
    return b"".join(hashlib.sha256(number.to_bytes(8)).digest() for number in range(size // 32 + 1))[:size]


async def test_a_file_is_kept_under_its_hash(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "fox.txt"
    path.write_bytes(CONTENT)
    assert await blobs.keep_file(path) == Blob(SHA256, 43)
    assert await blobs.keep_bytes(CONTENT) == Blob(SHA256, 43)
    assert stored(tmp_path).read_bytes() == CONTENT
    assert await whole(blobs.stream(SHA256)) == CONTENT


async def test_an_empty_file_is_a_file(blobs: Blobs) -> None:
    blob = await blobs.keep_bytes(b"")
    assert blob.size == 0
    await blobs.verify(blob.sha256)
    assert await whole(blobs.stream(blob.sha256)) == b""


async def test_arriving_bytes_become_a_file(blobs: Blobs) -> None:
    path = await blobs.receive(pieces(b"The quick brown fox ", b"", b"jumps over the lazy dog"), limit=43)
    assert path.read_bytes() == CONTENT
    path.unlink()


async def test_more_than_the_limit_is_refused_and_nothing_is_left(blobs: Blobs) -> None:
    asked_for = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked_for
        while True:
            asked_for += 1
            yield b"x" * 10

    with pytest.raises(TooLarge, match="larger than 42 bytes"):
        await blobs.receive(endless(), limit=42)
    assert asked_for == 5, "it stops where the limit is passed"
    assert list(blobs.scratch.iterdir()) == []


async def test_an_upload_that_breaks_off_leaves_nothing(blobs: Blobs) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.receive(breaks_off(), limit=100)
    assert list(blobs.scratch.iterdir()) == []


async def test_an_upload_that_is_cancelled_leaves_nothing(blobs: Blobs) -> None:
    half_way = asyncio.Event()

    async def stalls() -> AsyncIterator[bytes]:
        yield b"half"
        half_way.set()
        await asyncio.Event().wait()

    receiving = asyncio.create_task(blobs.receive(stalls(), limit=100))
    await half_way.wait()
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)
    assert list(blobs.scratch.iterdir()) == []


async def test_a_file_of_any_size_is_read_in_pieces_of_a_megabyte_or_two(blobs: Blobs) -> None:
    content = big(5 * CHUNK + 17)
    blob = await blobs.keep_bytes(content)
    parts = [part async for part in blobs.stream(blob.sha256)]
    assert b"".join(parts) == content
    assert max(map(len, parts)) <= 2 * CHUNK
    parts = [part async for part in blobs.stream(blob.sha256, 1, 5 * CHUNK)]
    assert b"".join(parts) == content[1 : 5 * CHUNK]
    assert max(map(len, parts)) <= CHUNK


async def test_the_same_content_from_many_at_once_is_kept_once(blobs: Blobs, tmp_path: Path) -> None:
    content = big(11 * CHUNK)
    path = tmp_path / "big"
    path.write_bytes(content)
    kept = await asyncio.gather(*(blobs.keep_file(path) for _ in range(6)), blobs.keep_bytes(content))
    assert len(set(kept)) == 1
    await blobs.verify(kept[0].sha256)
    assert [each for each in (tmp_path / "artifacts").rglob("*") if each.is_file()] == [
        stored(tmp_path, kept[0].sha256)
    ]


@given(start=st.integers(0, 50), end=st.none() | st.integers(0, 60))
def test_every_range_is_the_slice_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, start: int, end: int | None
) -> None:
    async def read() -> bytes:
        blobs = Blobs(tmp_path_factory.getbasetemp() / "slices")
        await blobs.keep_bytes(CONTENT)
        return await whole(blobs.stream(SHA256, start, end))

    assert asyncio.run(read()) == CONTENT[start:end]


async def test_changed_bytes_are_found_out_and_never_served(blobs: Blobs, tmp_path: Path) -> None:
    await blobs.keep_bytes(CONTENT)
    stored(tmp_path).write_bytes(CONTENT.replace(b"fox", b"cat"))
    for reading in (blobs.verify(SHA256), blobs.fetch(SHA256), asyncio.to_thread(blobs.read, SHA256)):
        with pytest.raises(Unavailable, match="corrupted") as caught:
            await reading
        assert caught.value.code == "artifact_corrupted"
    assert list(blobs.scratch.iterdir()) == []
    await blobs.keep_bytes(CONTENT)
    await blobs.verify(SHA256)


async def test_a_missing_blob_is_told_as_missing(blobs: Blobs) -> None:
    for start, end in ((0, None), (5, None), (0, 5)):
        with pytest.raises(Unavailable, match="missing") as caught:
            await whole(blobs.stream(SHA256, start, end))
        assert caught.value.code == "artifact_missing"


async def test_a_scratch_copy_has_the_same_bytes(blobs: Blobs) -> None:
    await blobs.keep_bytes(CONTENT)
    path = await blobs.fetch(SHA256)
    assert path.read_bytes() == CONTENT
    path.unlink()


def test_what_a_killed_process_left_behind_goes_after_a_day(tmp_path: Path) -> None:
    scratch = Blobs(tmp_path).scratch
    for name in ("old", "new"):
        (scratch / name).write_bytes(b"x")
        (scratch / f"{name} folder").mkdir()
    two_days_ago = time.time() - 2 * 86_400
    for name in ("old", "old folder"):
        os.utime(scratch / name, (two_days_ago, two_days_ago))
    Blobs(tmp_path)
    assert sorted(path.name for path in scratch.iterdir()) == ["new", "new folder"]


async def test_blobs_may_live_in_a_store_given_by_its_address(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    blobs = Blobs(tmp_path, f"file://{elsewhere}")
    await blobs.keep_bytes(CONTENT)
    assert await whole(blobs.stream(SHA256)) == CONTENT
    assert (elsewhere / SHA256[:2] / SHA256).read_bytes() == CONTENT
    assert not (tmp_path / "artifacts").exists()


async def test_a_store_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / SHA256[:2]).write_text("a file where a folder should be")
    with pytest.raises(Unavailable) as caught:
        await Blobs(tmp_path).keep_bytes(CONTENT)
    assert caught.value.code == "storage_unavailable"


FILL_THE_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from opsroom.core.errors import Unavailable
from opsroom.core.storage.blobs import Blobs

async def pieces():
    for _ in range(5):
        yield b"x" * 100_000

async def fill(blobs, whole):
    for work in (blobs.receive(pieces(), limit=10**9), blobs.keep_file(whole), blobs.keep_bytes(bytes(500_000))):
        try:
            await work
            print("kept")
        except Unavailable as refusal:
            print(refusal.code)

folder = Path(sys.argv[1])
whole = folder / "whole"
whole.write_bytes(b"y" * 500_000)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
asyncio.run(fill(Blobs(folder), whole))
"""


def test_a_disk_that_fills_gives_a_clear_refusal_and_leaves_nothing(tmp_path: Path) -> None:
    """No file of the process may exceed 200 kB: to the writer that is a full disk."""
    run = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, tmp_path], check=True, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.split() == ["disk_full", "disk_full", "disk_full"]
    assert list((tmp_path / "arriving").iterdir()) == []
    assert [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()] == []
