"""Sending a stored file: verified, streamed, whole or a range of it."""

import re
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse

from opsroom.core.errors import Refusal
from opsroom.core.storage.blobs import Blobs
from opsroom.core.storage.models import Artifact

RANGE = re.compile(r"^bytes=([0-9]{0,18})-([0-9]{0,18})$")


class RangeNotSatisfiable(Refusal):
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    default_code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes; the range asked for lies outside.", size_bytes=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


async def blobs_of(request: Request) -> Blobs:
    blobs: Blobs = request.app.state.blobs
    return blobs


TheBlobs = Annotated[Blobs, Depends(blobs_of)]


async def send_artifact(request: Request, blobs: Blobs, artifact: Artifact) -> Response:
    """The file as a download; `Range: bytes=a-b` gives 206, and the content's hash is the `ETag`."""
    await blobs.verify(artifact.sha256)
    etag = f'"{artifact.sha256}"'
    # A range of another version is of no use to who has part of that one (RFC 9110 section 13.1.5).
    same = request.headers.get("if-range", etag) == etag
    wanted = _wanted_range(request.headers.get("range") if same else None, artifact.size_bytes)
    start, end = wanted or (0, artifact.size_bytes)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(artifact.name, safe='')}",
        "ETag": etag,
    }
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{artifact.size_bytes}"
    return StreamingResponse(
        blobs.stream(artifact.sha256, start, end if wanted else None),
        status_code=206 if wanted else 200,
        media_type=artifact.media_type,
        headers=headers,
    )


def _wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """[start, end) of a single byte range; None for the whole, also for forms to be ignored (RFC 9110 section 14.2).

    Raises:
        RangeNotSatisfiable: it begins behind the last byte.
    """
    match = RANGE.match(header or "")
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, end = max(size - int(match[2]), 0), size
    elif match[2] and int(match[2]) < int(match[1]):
        return None
    else:
        start, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    if start >= end:
        raise RangeNotSatisfiable(size)
    return start, end
