"""`/api/v1/stores/imports`: files in, refused rows out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.storage.models import Artifact
from opsroom.core.storage.serve import TheBlobs, send_artifact
from opsroom.stores.actions import request_import
from opsroom.stores.handing_in import keep_upload, read_mapping
from opsroom.stores.models import FileKind, ObservationImport
from opsroom.stores.schemas import ImportAccepted, ImportRead

router = APIRouter(prefix="/api/v1/stores/imports", tags=["stores"])


@router.post("", status_code=202)
async def create_import(
    session: Unit,
    queue: TheQueue,
    blobs: TheBlobs,
    actor: Annotated[Actor, allow("stores.imports.write")],
    status: Annotated[UploadFile | None, File(description="polls")] = None,
    hours: Annotated[UploadFile | None, File(description="business hours")] = None,
    zones: Annotated[UploadFile | None, File(description="time zones")] = None,
    mapping: Annotated[str | None, Form(description='JSON: {"status": {"store_id": "shop"}}')] = None,
    report: Annotated[bool, Form(description="ask for an uptime report when the files are imported")] = False,  # noqa: FBT002  a form field
) -> ImportAccepted:
    """Hand in one to three files; they take effect together, or not at all."""
    given = {FileKind.ZONES: zones, FileKind.HOURS: hours, FileKind.STATUS: status}
    mappings = read_mapping(mapping)
    if not any(given.values()):
        raise Invalid("Send at least one file in the form fields status, hours, zones.", field="status")
    files = [
        await keep_upload(blobs, kind, upload, mappings.get(kind, {}))
        for kind, upload in given.items()
        if upload is not None
    ]
    rows, job = await request_import(session, queue, files, actor, report=report)
    return ImportAccepted(job_id=job.id, imports=[ImportRead.model_validate(row) for row in rows])


@router.get("/{import_id}/rejects")
async def download_rejects(
    import_id: UUID,
    request: Request,
    connection: Reading,
    blobs: TheBlobs,
    _actor: Annotated[Actor, allow("stores.imports.read")],
) -> Response:
    """The refused rows as CSV: line number, reason, raw text."""
    async with AsyncSession(connection) as session:
        row = await session.get(ObservationImport, import_id)
        if row is None:
            raise NotFound(f"There is no import {import_id}.")
        if row.rejects_artifact_id is None:
            raise NotFound("This import refused no rows, or has not ended.", code="no_rejects")
        artifact = await session.get_one(Artifact, row.rejects_artifact_id)
    return await send_artifact(request, blobs, artifact)
