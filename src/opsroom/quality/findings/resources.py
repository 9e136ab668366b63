"""Findings and the steps of their review, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.resources.declaration import Parent, Resource
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.findings.places import placed, rank_of
from opsroom.quality.findings.schemas import DefectCreate, DefectRead, ReviewRead
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import Severity


async def _prepare(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], _defect_id: UUID | None
) -> dict[str, Any]:
    inspection = await session.get(Inspection, values["inspection_id"])
    if inspection is None:
        raise NotFound(f"There is no inspection {values['inspection_id']}.", field="inspection_id")
    if values["image_artifact_id"] is not None:
        await check_image(session, values["image_artifact_id"])
    severity = Severity(values["severity"])
    kept = {name: value for name, value in values.items() if name not in {"box", "polygon"}}
    return (
        kept
        | placed(values["box"], values["polygon"])
        | {
            "severity_rank": rank_of(severity),
            "second_person": inspection.second_person or severity is Severity.CRITICAL,
        }
    )


async def check_image(session: AsyncSession, artifact_id: UUID) -> Artifact:
    """
    Raises:
        Invalid: there is no such artifact, or it is no image.
    """
    artifact = await session.get(Artifact, artifact_id)
    if artifact is None or artifact.type is not ArtifactType.IMAGE:
        raise Invalid(f"{artifact_id} is no artifact of type image; upload the image first.", field="image_artifact_id")
    return artifact


DEFECTS = Resource(
    model=Defect,
    prefix="/api/v1/quality/defects",
    tags=("quality",),
    read=DefectRead,
    create=DefectCreate,
    permission="quality.defects",
    search=("comment", "first_reviewer", "second_reviewer"),
    prepare=_prepare,
)
REVIEWS = Resource(
    model=DefectReview,
    prefix="/reviews",
    parent=Parent(DEFECTS, "defect_id"),
    tags=("quality",),
    read=ReviewRead,
    permission="quality.defects",
    order=("position",),
)
