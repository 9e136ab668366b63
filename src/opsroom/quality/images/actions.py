"""Handing in an image of an inspection."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePath
from uuid import UUID

from fastapi import UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.storage.blobs import CHUNK, Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.images.reading import Picture, read_picture
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionStatus

UPLOAD_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class HandedIn:
    name: str
    blob: Blob
    picture: Picture


async def keep_upload(blobs: Blobs, upload: UploadFile) -> HandedIn:
    """
    Raises:
        TooLarge, Invalid: it is no image that is taken; nothing is kept.
    """

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await upload.read(CHUNK):
            yield chunk

    path = await blobs.receive(chunks(), UPLOAD_LIMIT)
    try:
        picture = await asyncio.to_thread(read_picture, path)
        blob = await blobs.keep_file(path)
    finally:
        path.unlink(missing_ok=True)
    return HandedIn(PurePath(upload.filename or "image").name[:255], blob, picture)


async def add_image(
    session: AsyncSession, actor: Actor, inspection_id: UUID, given: HandedIn, unit_number: int | None
) -> InspectionImage:
    """
    Raises:
        NotFound, Conflict: there is no such inspection, or it has ended.
    """
    inspection = await session.get(Inspection, inspection_id, with_for_update=True)
    if inspection is None:
        raise NotFound(f"There is no inspection {inspection_id}.")
    if inspection.status not in {InspectionStatus.PENDING, InspectionStatus.IN_PROGRESS}:
        raise Conflict("An inspection that has ended takes no further images.", code="inspection_ended")
    artifact = Artifact(
        name=given.name,
        type=ArtifactType.IMAGE,
        media_type=given.picture.media_type,
        sha256=given.blob.sha256,
        size_bytes=given.blob.size,
        tags={"inspection": str(inspection_id)},
        owner_id=actor.user_id,
    )
    session.add(artifact)
    await session.flush()
    image = InspectionImage(
        inspection_id=inspection_id,
        artifact_id=artifact.id,
        unit_number=unit_number,
        width=given.picture.width,
        height=given.picture.height,
    )
    session.add(image)
    await session.flush()
    return image
