"""Sending a stored file, whole or in part (RFC 9110 section 14)."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.core.storage.serve import RangeNotSatisfiable, _wanted_range, send_artifact
from opsroom.core.web import install_error_handlers

CONTENT = b"0123456789"
NAME = 'Überstunden "März"/2026.csv'
Problem = Callable[[httpx.Response, int], dict[str, Any]]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


@pytest.fixture
async def client(blobs: Blobs) -> AsyncIterator[httpx.AsyncClient]:
    blob = await blobs.keep_bytes(CONTENT)
    artifact = Artifact(
        name=NAME, type=ArtifactType.REPORT, media_type="text/csv", sha256=blob.sha256, size_bytes=blob.size
    )
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/file")
    async def file(request: Request) -> Response:
        return await send_artifact(request, blobs, artifact)

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:
        yield client


async def test_the_whole_file_with_its_name_and_hash(client: httpx.AsyncClient) -> None:
    answer = await client.get("/file")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-length"] == "10"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["etag"] == '"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"'
    disposition = "attachment; filename*=UTF-8''%C3%9Cberstunden%20%22M%C3%A4rz%22%2F2026.csv"
    assert answer.headers["content-disposition"] == disposition


@pytest.mark.parametrize(
    ("asked", "content", "where"),
    [
        ("bytes=0-0", b"0", "0-0"),
        ("bytes=2-4", b"234", "2-4"),
        ("bytes=7-", b"789", "7-9"),
        ("bytes=0-", b"0123456789", "0-9"),
        ("bytes=7-99", b"789", "7-9"),
        ("bytes=-3", b"789", "7-9"),
        ("bytes=-99", b"0123456789", "0-9"),
    ],
)
async def test_a_range_is_served(client: httpx.AsyncClient, asked: str, content: bytes, where: str) -> None:
    answer = await client.get("/file", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["content-range"] == f"bytes {where}/10"
    assert answer.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=999999999999999999-"])
async def test_a_range_outside_the_file_cannot_be_satisfied(
    client: httpx.AsyncClient, problem_of: Problem, asked: str
) -> None:
    answer = await client.get("/file", headers={"Range": asked})
    assert problem_of(answer, 416)["size_bytes"] == 10
    assert answer.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize(
    "asked", ["bytes=4-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=٣-٤", "bytes=0-" + "9" * 5000]
)
async def test_what_is_no_single_range_is_ignored(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get("/file", headers={b"Range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_a_part_of_another_version_is_answered_with_the_whole(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/file")).headers["etag"]
    same = await client.get("/file", headers={"Range": "bytes=7-", "If-Range": etag})
    other = await client.get("/file", headers={"Range": "bytes=7-", "If-Range": '"another"'})
    assert (same.status_code, same.content) == (206, b"789")
    assert (other.status_code, other.content) == (200, CONTENT)


@pytest.mark.parametrize("header", [{}, {"Range": "bytes=0-3"}])
async def test_a_corrupted_file_is_refused_whole_and_in_part(
    client: httpx.AsyncClient, tmp_path: Path, problem_of: Problem, header: dict[str, str]
) -> None:
    (path,) = [each for each in (tmp_path / "artifacts").rglob("*") if each.is_file()]
    path.write_bytes(b"0123456788")
    assert problem_of(await client.get("/file", headers=header), 503)["code"] == "artifact_corrupted"


async def test_a_file_that_is_gone_is_refused(client: httpx.AsyncClient, tmp_path: Path, problem_of: Problem) -> None:
    (path,) = [each for each in (tmp_path / "artifacts").rglob("*") if each.is_file()]
    path.unlink()
    assert problem_of(await client.get("/file"), 503)["code"] == "artifact_missing"


@given(
    header=st.from_regex(r"bytes=[0-9]{0,3}-[0-9]{0,3}", fullmatch=True),
    size=st.integers(0, 200),
)
def test_a_served_range_lies_inside_the_file_and_says_what_was_asked(header: str, size: int) -> None:
    first, last = header.removeprefix("bytes=").split("-")
    positions = set(range(size))
    if first:
        wanted = {p for p in positions if p >= int(first) and (not last or p <= int(last))}
    else:
        wanted = {p for p in positions if last and p >= size - int(last)}
    try:
        served = _wanted_range(header, size)
    except RangeNotSatisfiable:
        assert not wanted
        return
    if served is None:
        assert not last if not first else int(last) < int(first)
    else:
        assert set(range(*served)) == wanted
