"""A large file is imported by a job: looked through while others may write, then written in one transaction."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.trail import IMPORTED
from opsroom.core.resources.transfer import BadRows, ImportAsked, import_file, look_through
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.core.tabular.records import ReadRow
from opsroom.core.tabular.report import ImportReport
from opsroom.core.tabular.writing import MEDIA_TYPES, Kind

JOB = "resources.import"
AT_ONCE = 4 << 20  # bytes of a file that is imported while the caller waits
LARGEST = 1 << 40  # the server's own limit on uploads is the one that counts


class ImportFile(ImportAsked):
    """permissions: what the person might do when asking, for the resource's own rules"""

    resource: str
    sha256: str
    kind: Kind
    parent_id: UUID | None
    permissions: list[str]
    is_superuser: bool


async def take_file(
    session: AsyncSession,
    queue: JobQueue,
    blobs: Blobs,
    resource: Resource,
    *,
    path: Path,
    kind: Kind,
    asked: ImportAsked,
    place: tuple[Actor, UUID | None],
) -> Job | ImportReport:
    """Import a scratch file in the caller's transaction, a large one by a job; the file is gone afterwards.

    Raises:
        Invalid, TooLarge: as `import_file`
    """
    try:
        if (await asyncio.to_thread(path.stat)).st_size > AT_ONCE:
            return await import_later(session, queue, resource, await blobs.keep_file(path), kind, asked, place=place)
        report = await import_file(session, resource, path, kind, asked, place)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    if report.applied or asked.dry_run:
        await record(session, IMPORTED, None, list=resource.several, **report.model_dump(exclude={"errors"}))
    return report


async def import_later(
    session: AsyncSession,
    queue: JobQueue,
    resource: Resource,
    blob: Blob,
    kind: Kind,
    asked: ImportAsked,
    *,
    place: tuple[Actor, UUID | None],
) -> Job:
    """Keep the file as an artifact and ask for its import, in the caller's transaction."""
    actor, parent_id = place
    artifact = Artifact(
        name=f"{resource.several}.{kind}",
        type=ArtifactType.DATASET,
        media_type=MEDIA_TYPES[kind],
        sha256=blob.sha256,
        size_bytes=blob.size,
        owner_id=actor.user_id,
    )
    session.add(artifact)
    payload = ImportFile(
        **asked.model_dump(),
        resource=resource.several,
        sha256=blob.sha256,
        kind=kind,
        parent_id=parent_id,
        permissions=sorted(actor.permissions),
        is_superuser=actor.is_superuser,
    )
    return await queue.add(session, JOB, payload, actor=actor)


class Importer:
    def __init__(self, resources: Iterable[Resource], blobs: Blobs) -> None:
        self._resources = {resource.several: resource for resource in resources}
        self._blobs = blobs

    def job_type(self) -> JobType[ImportFile, tuple[Path, ImportReport]]:
        return JobType(name=JOB, payload=ImportFile, compute=self._compute, save=self._save)

    async def _compute(self, payload: ImportFile, run: Run) -> tuple[Path, ImportReport]:
        path = await self._blobs.fetch(payload.sha256)

        async def tell(_good: list[ReadRow], report: ImportReport) -> None:
            await run.progress(0.0, f"{report.rows} rows read, {report.refused} refused")

        report = await look_through(self._resources[payload.resource], path, payload.kind, tell)
        await run.progress(0.5, f"writing {report.rows - report.refused} rows")
        return path, report

    async def _save(
        self, session: AsyncSession, payload: ImportFile, computed: tuple[Path, ImportReport], run: Run
    ) -> dict[str, Any]:
        path, report = computed
        resource = self._resources[payload.resource]
        actor = Actor(
            run.requested_by, run.user_id, permissions=frozenset(payload.permissions), is_superuser=payload.is_superuser
        )
        if not report.refused or payload.bad_rows is BadRows.SKIP:
            place = (actor, payload.parent_id)
            report = await import_file(session, resource, path, payload.kind, payload, place)
        path.unlink(missing_ok=True)
        await record(session, IMPORTED, None, list=resource.several, **report.model_dump(exclude={"errors"}))
        return report.model_dump()
