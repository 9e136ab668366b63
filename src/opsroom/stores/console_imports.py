"""`/console/stores/imports`: handing files in, and what became of them."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.live import stream
from opsroom.core.console.render import html, render, see_other
from opsroom.core.db.session import Reading, Unit
from opsroom.core.errors import Invalid
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.storage.serve import TheBlobs
from opsroom.stores.actions import request_import
from opsroom.stores.handing_in import keep_upload, read_mapping
from opsroom.stores.models import FileKind, ObservationImport

router = APIRouter(prefix="/console/stores/imports", include_in_schema=False)

SHOWN = 50
Rows = Sequence[Row[*tuple[Any, ...]]]

_imports = (
    select(
        ObservationImport.id, ObservationImport.kind, ObservationImport.file_name, ObservationImport.size_bytes,
        ObservationImport.status, ObservationImport.columns, ObservationImport.rows_read,
        ObservationImport.rows_accepted, ObservationImport.rows_added, ObservationImport.rejected,
        ObservationImport.rejects_artifact_id, ObservationImport.requested_by, ObservationImport.created_at,
        ObservationImport.error, ObservationImport.job_id, Job.status.label("job_status"), Job.progress, Job.message,
        Job.started_at, Job.cancel_requested,
    )
    .outerjoin(Job, Job.id == ObservationImport.job_id)
    .order_by(ObservationImport.id.desc())
)  # fmt: skip


@router.get("", name="console_stores_imports", dependencies=[allow("stores.imports.read")])
async def imports(request: Request, connection: Reading, before: UUID | None = None) -> Response:
    return render(request, "stores/imports.html", before=before, **_values(await _look(connection, before)))


@router.get("/live", name="console_stores_imports_live", dependencies=[allow("stores.imports.read")])
async def imports_live(request: Request) -> StreamingResponse:
    return stream(
        request, partial(_look, before=None), lambda rows: html(request, "stores/import_rows.html", **_values(rows))
    )


@router.post("", name="console_stores_import")
async def hand_in(
    session: Unit,
    queue: TheQueue,
    blobs: TheBlobs,
    actor: Annotated[Actor, allow("stores.imports.write")],
    status: Annotated[UploadFile | None, File()] = None,
    hours: Annotated[UploadFile | None, File()] = None,
    zones: Annotated[UploadFile | None, File()] = None,
    mapping: Annotated[str, Form()] = "",
    report: Annotated[bool, Form()] = False,  # noqa: FBT002  a form field
) -> Response:
    # A browser sends a file field that was left empty as a file without a name.
    given = {FileKind.ZONES: zones, FileKind.HOURS: hours, FileKind.STATUS: status}
    chosen = {kind: upload for kind, upload in given.items() if upload is not None and upload.filename}
    mappings = read_mapping(mapping)
    if not chosen:
        raise Invalid("Choose at least one file.", field="status")
    files = [await keep_upload(blobs, kind, upload, mappings.get(kind, {})) for kind, upload in chosen.items()]
    await request_import(session, queue, files, actor, report=report)
    return see_other("/console/stores/imports", "The files arrived and are being read.")


async def _look(connection: AsyncConnection, before: UUID | None) -> Rows:
    query = _imports if before is None else _imports.where(ObservationImport.id < before)
    return (await connection.execute(query.limit(SHOWN + 1))).all()


def _values(rows: Rows) -> dict[str, Any]:
    return {"imports": rows[:SHOWN], "older": rows[SHOWN - 1].id if len(rows) > SHOWN else None}
