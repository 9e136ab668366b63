"""`/api/v1/artifacts`: files in and out, held, moved, changed, let go."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.answers import seen_versions
from opsroom.core.artifacts import actions
from opsroom.core.artifacts.jobs import DAMAGE, mark
from opsroom.core.artifacts.trail import FILE_DOWNLOADED
from opsroom.core.audit.events import record
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.errors import Invalid, PreconditionFailed, Unavailable
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.jobs.schemas import JobRead
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.core.storage.schemas import ArtifactChange, ArtifactRead, Hold, Move, Tags
from opsroom.core.storage.serve import TheBlobs, send_artifact

router = APIRouter(prefix="/api/v1/artifacts", tags=["artifacts"])

Reader = Annotated[Actor, allow("artifacts.read")]
Writer = Annotated[Actor, allow("artifacts.write")]
Holder = Annotated[Actor, allow("artifacts.hold")]

MEDIA_TYPE = 120  # characters
TAGS: TypeAdapter[Tags] = TypeAdapter(Tags)


@router.post("/files", status_code=201)
async def upload_artifact(
    request: Request,
    session: Unit,
    blobs: TheBlobs,
    actor: Writer,
    name: Annotated[str, Query(min_length=1, max_length=255)],
    type: Annotated[ArtifactType, Query()] = ArtifactType.DOCUMENT,  # noqa: A002  the field's name
    tags: Annotated[str, Query(description='JSON, such as {"lot": "L-7"}')] = "{}",
    retain_until: Annotated[AwareDatetime | None, Query()] = None,
) -> ArtifactRead:
    """The body is the file, as it is, of any size; its content type is kept."""
    given = _tags(tags)
    blob = await actions.receive(blobs, request.stream())
    artifact = Artifact(
        name=name,
        type=type,
        media_type=request.headers.get("content-type", "application/octet-stream")[:MEDIA_TYPE],
        sha256=blob.sha256,
        size_bytes=blob.size,
        tags=given,
        retain_until=retain_until,
        owner_id=actor.user_id,
    )
    session.add(artifact)
    await session.flush()
    return ArtifactRead.model_validate(artifact)


@router.get("/{artifact_id}/download")
async def download_artifact(
    artifact_id: UUID, request: Request, database: TheDatabase, blobs: TheBlobs, actor: Reader
) -> Response:
    """The file, read through first; ranges are served."""
    async with database.reading() as connection, AsyncSession(connection, expire_on_commit=False) as session:
        artifact = await actions.owned(session, artifact_id, actor)
        session.expunge(artifact)
    try:  # outside any transaction: a large file is read for a while
        response = await send_artifact(request, blobs, artifact)
    except Unavailable as refusal:
        if refusal.code in DAMAGE:
            async with database.transaction() as session:
                await mark(session, artifact.sha256, is_whole=False)
        raise
    async with database.transaction() as session:
        await record(session, FILE_DOWNLOADED, ("artifacts", artifact.id), sha256=artifact.sha256)
    return response


@router.patch("/{artifact_id}")
async def update_artifact(
    artifact_id: UUID, body: ArtifactChange, request: Request, session: Unit, actor: Writer
) -> ArtifactRead:
    """Its name, type, tags and retention date; the content stays."""
    artifact = await _seen(request, session, artifact_id, actor)
    await actions.change(session, artifact, body.model_dump(exclude_unset=True))
    return ArtifactRead.model_validate(artifact)


@router.delete("/{artifact_id}", status_code=204)
async def delete_artifact(artifact_id: UUID, request: Request, session: Unit, actor: Writer) -> None:
    """409 before its retention date, 423 under legal hold."""
    await session.delete(await _seen(request, session, artifact_id, actor))
    await session.flush()


@router.post("/{artifact_id}/hold")
async def hold_artifact(artifact_id: UUID, body: Hold, session: Unit, actor: Holder) -> ArtifactRead:
    """Legal hold: it is not deleted until the hold is released, whatever the dates say."""
    return ArtifactRead.model_validate(await actions.hold(session, artifact_id, body.reason, actor))


@router.post("/{artifact_id}/release")
async def release_artifact(artifact_id: UUID, body: Hold, session: Unit, actor: Holder) -> ArtifactRead:
    """End the legal hold; the reason goes into the trail."""
    return ArtifactRead.model_validate(await actions.release(session, artifact_id, body.reason, actor))


@router.post("/{artifact_id}/move", status_code=202)
async def move_artifact(artifact_id: UUID, body: Move, session: Unit, queue: TheQueue, actor: Writer) -> JobRead:
    """To another tier, in the background, with every artifact of the same content."""
    artifact = await actions.owned(session, artifact_id, actor)
    return JobRead.model_validate(await actions.ask_to_move(session, queue, artifact, body.tier, actor))


async def _seen(request: Request, session: AsyncSession, artifact_id: UUID, actor: Actor) -> Artifact:
    artifact = await actions.owned(session, artifact_id, actor)
    versions = seen_versions(request)
    if versions is not None and artifact.version not in versions:
        raise PreconditionFailed(
            f"Somebody else changed this artifact meanwhile: it is at version {artifact.version}.",
            version=artifact.version,
        )
    return artifact


def _tags(text: str) -> Tags:
    try:
        return TAGS.validate_python(json.loads(text))
    except (ValueError, ValidationError):
        raise Invalid('The tags are a JSON object of plain values, such as {"lot": "L-7"}.', field="tags") from None
