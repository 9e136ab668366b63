"""Images in, under an inspection, and out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, TheDatabase
from opsroom.core.errors import NotFound
from opsroom.core.storage.models import Artifact
from opsroom.core.storage.serve import TheBlobs, send_artifact
from opsroom.quality.images.actions import add_image, keep_upload
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.images.schemas import ImageRead

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])


@router.post("/inspections/{inspection_id}/files", status_code=201)
async def upload_inspection_image(
    inspection_id: UUID,
    database: TheDatabase,
    blobs: TheBlobs,
    actor: Annotated[Actor, allow("quality.inspections.write")],
    file: Annotated[UploadFile, File(description="a PNG or JPEG image")],
    unit_number: Annotated[int | None, Form(gt=0, lt=1 << 31, description="which unit of the sample")] = None,
) -> ImageRead:
    """Hand in an image of one unit."""
    given = await keep_upload(blobs, file)
    async with database.transaction() as session:
        image = await add_image(session, actor, inspection_id, given, unit_number)
        return ImageRead.model_validate(image, from_attributes=True)


@router.get("/images/{inspection_image_id}/content")
async def read_image_content(
    inspection_image_id: UUID,
    request: Request,
    connection: Reading,
    blobs: TheBlobs,
    _actor: Annotated[Actor, allow("quality.inspections.read")],
) -> Response:
    """The image itself, as it was handed in."""
    async with AsyncSession(connection) as session:
        image = await session.get(InspectionImage, inspection_image_id)
        if image is None:
            raise NotFound(f"There is no image {inspection_image_id}.")
        artifact = (await session.scalars(select(Artifact).where(Artifact.id == image.artifact_id))).one()
        session.expunge_all()
    return await send_artifact(request, blobs, artifact)
