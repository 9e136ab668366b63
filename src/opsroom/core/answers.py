"""Bodies and answers of JSON, files made while they are sent, and the entity tags by which a caller says which version
it knows.
"""

import json
import re
from collections.abc import AsyncIterator
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from opsroom.core.db.lists import Item, to_json

Shape = TypeVar("Shape", bound=BaseModel)

ENTITY_TAG = re.compile(r'(?P<weak>W/)?"(?P<version>\d{1,9})"')


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(to_json(content), status, headers, media_type="application/json")


def item_response(item: Item, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return json_response(item.record, status, {"ETag": f'"{item.version}"', **(headers or {})})


async def plain_body(request: Request, shape: type[Shape] | None) -> Shape | None:
    """A JSON body that is as the shape wants it; None for every other, of which the framework tells what is wrong."""
    if shape is None or request.headers.get("content-type") != "application/json":
        return None
    try:
        return shape.model_validate(json.loads(await request.body()))
    except (ValueError, RecursionError, ClientDisconnect):
        return None


def seen_versions(request: Request) -> set[int] | None:
    """The versions `If-Match` names; None if it is absent or `*`. Weak tags match nothing (RFC 9110, 13.1.1)."""
    header = request.headers.get("if-match", "*").strip()
    if header == "*":
        return None
    return {int(match["version"]) for match in ENTITY_TAG.finditer(header) if not match["weak"]}


def is_known(request: Request, item: Item) -> bool:
    """Whether the caller has this version already; weak tags match too (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match", "").strip()
    return header == "*" or any(int(match["version"]) == item.version for match in ENTITY_TAG.finditer(header))


async def file_response(pieces: AsyncIterator[bytes], media_type: str, name: str) -> Response:
    """The first piece is made here: what cannot be sent at all is refused before anything is sent."""
    first = await anext(pieces, b"")

    async def all_pieces() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(all_pieces(), media_type=media_type, headers=headers)
