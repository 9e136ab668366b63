"""Files that come in through a form: kept under their hash before anything is recorded."""

import json
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Any

from fastapi import UploadFile

from opsroom.core.errors import Invalid
from opsroom.core.storage.blobs import CHUNK, Blobs
from opsroom.stores.actions import HandedIn
from opsroom.stores.models import FileKind

UPLOAD_LIMIT = 1 << 40  # the edge limits uploads by a setting; this is only the store's own bound


async def keep_upload(blobs: Blobs, kind: FileKind, upload: UploadFile, mapping: dict[str, str]) -> HandedIn:
    """Stream an upload into the store of blobs; its name is kept as a label, never used as a path."""

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await upload.read(CHUNK):
            yield chunk

    path = await blobs.receive(chunks(), UPLOAD_LIMIT)
    try:
        blob = await blobs.keep_file(path)
    finally:
        path.unlink(missing_ok=True)
    name = PurePath(upload.filename or f"{kind}.csv").name[:255]
    return HandedIn(kind, name, blob, mapping)


def read_mapping(text: str | None) -> dict[FileKind, dict[str, str]]:
    """`{"status": {"store_id": "shop"}}`: which column of which file is which field.

    Raises:
        Invalid: not such an object.
    """
    if not text:
        return {}
    try:
        found: Any = json.loads(text)
        return {FileKind(kind): {str(f): str(c) for f, c in fields.items()} for kind, fields in found.items()}
    except (ValueError, AttributeError):
        raise Invalid(
            'mapping must be a JSON object of status, hours, zones such as {"status": {"store_id": "shop"}}.',
            field="mapping",
        ) from None
