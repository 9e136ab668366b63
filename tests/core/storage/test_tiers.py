"""Blobs in tiers, in folders and in a real S3-compatible store: found wherever they are, verified on every way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from obstore.store import from_url
from tests.core.storage.s3_server import s3_server

from opsroom.core.errors import TooLarge, Unavailable
from opsroom.core.storage.blobs import CHUNK, Blobs
from opsroom.core.storage.tiers import Tier, parse_tiers

CONTENT = bytes(range(256)) * 8_300  # two megabytes and a bit


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Blobs]:
    if request.param == "folder":
        yield Blobs(tmp_path)
        return
    with s3_server(monkeypatch) as url:
        yield Blobs(tmp_path, url)


async def whole(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in stream])


async def test_a_blob_is_read_whole_in_part_and_as_a_file(blobs: Blobs) -> None:
    blob = await blobs.keep_bytes(CONTENT)
    await blobs.verify(blob.sha256)
    assert await whole(blobs.stream(blob.sha256)) == CONTENT
    assert await whole(blobs.stream(blob.sha256, 300, CHUNK + 500)) == CONTENT[300 : CHUNK + 500]
    assert await whole(blobs.stream(blob.sha256, len(CONTENT) - 3, None)) == CONTENT[-3:]
    path = await blobs.fetch(blob.sha256)
    assert path.read_bytes() == CONTENT
    path.unlink()
    assert await asyncio.to_thread(blobs.read, blob.sha256) == CONTENT


@pytest.mark.parametrize("tier", [Tier.WARM, Tier.COLD, Tier.ARCHIVE])
async def test_a_moved_blob_is_found_where_it_is(blobs: Blobs, tier: Tier) -> None:
    blob = await blobs.keep_bytes(CONTENT)
    await blobs.copy(blob.sha256, tier)
    assert await blobs.tiers_of(blob.sha256) == [Tier.HOT, tier]
    await blobs.remove(blob.sha256, [Tier.HOT])
    await blobs.remove(blob.sha256, [Tier.HOT])  # again, as after a crash
    assert await blobs.tiers_of(blob.sha256) == [tier]
    assert await whole(blobs.stream(blob.sha256, 5, 9)) == CONTENT[5:9]
    await blobs.verify(blob.sha256)
    assert await asyncio.to_thread(blobs.read, blob.sha256) == CONTENT
    await blobs.remove(blob.sha256)
    for reading in (blobs.verify(blob.sha256), asyncio.to_thread(blobs.read, blob.sha256)):
        with pytest.raises(Unavailable) as missing:
            await reading
        assert missing.value.code == "artifact_missing"


async def test_what_arrives_in_pieces_is_kept_and_too_much_is_refused(blobs: Blobs) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(CONTENT), 70_000):
            yield CONTENT[start : start + 70_000]

    path = await blobs.receive(pieces(), len(CONTENT))
    blob = await blobs.keep_file(path)
    path.unlink()
    assert await whole(blobs.stream(blob.sha256)) == CONTENT
    with pytest.raises(TooLarge):
        await blobs.receive(pieces(), len(CONTENT) - 1)
    assert list(blobs.scratch.iterdir()) == []


async def test_a_changed_object_of_a_bucket_is_noticed_and_not_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server(monkeypatch) as url:
        blobs = Blobs(tmp_path, url)
        blob = await blobs.keep_bytes(CONTENT)
        bucket, place = from_url(url), f"{blob.sha256[:2]}/{blob.sha256}"
        assert bytes(await (await bucket.get_async(place)).bytes_async()) == CONTENT
        await bucket.put_async(place, CONTENT[:-1] + b"x")
        read = asyncio.to_thread(blobs.read, blob.sha256)
        for attempt in (blobs.verify(blob.sha256), blobs.copy(blob.sha256, Tier.COLD), read):
            with pytest.raises(Unavailable) as refused:
                await attempt
            assert refused.value.code == "artifact_corrupted"
        assert await blobs.tiers_of(blob.sha256) == [Tier.HOT]


async def test_a_store_that_does_not_answer_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(monkeypatch) as url:
        blobs = Blobs(tmp_path, url.replace("files", "no-such-bucket"))
    with pytest.raises(Unavailable) as refused:
        await blobs.keep_bytes(CONTENT[:10])
    assert refused.value.code == "storage_unavailable"


def test_tiers_live_where_the_setting_says(tmp_path: Path) -> None:
    tiers = parse_tiers(f"cold=file://{tmp_path}/c, archive=memory:///")
    assert tiers == {Tier.COLD: f"file://{tmp_path}/c", Tier.ARCHIVE: "memory:///"}
    for wrong in ("hot=file:///x", "cold", "frozen=file:///x", "cold=folder"):
        with pytest.raises(ValueError, match="expected tier=URL"):
            parse_tiers(wrong)
