"""What changes in the stores app: files handed in, live polls, reports asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import Event, record
from opsroom.core.audit.models import Action
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.stores.archive.known import not_archived
from opsroom.stores.bulk import lock_observations, merge_observations
from opsroom.stores.imports import JOB, ImportFiles
from opsroom.stores.models import FileKind, ObservationImport
from opsroom.stores.register import register_stores
from opsroom.stores.spool import arranged

POLLS_RECEIVED = Event("stores.polls.received", Action.CREATE)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file that arrived and is kept under its hash."""

    kind: FileKind
    name: str
    blob: Blob
    mapping: dict[str, str]


async def request_import(
    session: AsyncSession, queue: JobQueue, files: Sequence[HandedIn], actor: Actor, *, report: bool = False
) -> tuple[list[ObservationImport], Job]:
    """Record files that take effect together, and the job that imports them and, if wished, asks for a report."""
    rows = []
    for file in files:
        artifact = Artifact(
            name=file.name,
            type=ArtifactType.DATASET,
            media_type="application/octet-stream",
            sha256=file.blob.sha256,
            size_bytes=file.blob.size,
            owner_id=actor.user_id,
        )
        session.add(artifact)
        await session.flush()
        rows.append(
            ObservationImport(
                kind=file.kind,
                file_name=file.name,
                sha256=file.blob.sha256,
                size_bytes=file.blob.size,
                mapping=file.mapping,
                artifact_id=artifact.id,
                user_id=actor.user_id,
                requested_by=actor.name,
            )
        )
    session.add_all(rows)
    await session.flush()
    job = await queue.add(session, JOB, ImportFiles(import_ids=[row.id for row in rows], report=report), actor=actor)
    for row in rows:
        row.job_id = job.id
    await session.flush()
    return rows, job


async def ingest_polls(session: AsyncSession, blobs: Blobs, polls: pl.DataFrame) -> int:
    """Add live polls; unknown stores are created. Gives how many are new.

    `polls` has store_id (external id), instant (microseconds UTC) and status (1 up, 0 down).
    """
    await lock_observations(session, shared=True)
    known = await register_stores(session, polls["store_id"].unique().to_list())
    sites = {name: one.site for name, one in known.items()}
    rows = arranged(
        polls["store_id"].replace_strict(sites, return_dtype=pl.Int64).to_numpy(),
        polls["instant"].to_numpy(),
        polls["status"].cast(pl.Int64).to_numpy(),
    )
    added = await merge_observations(session, await not_archived(session, blobs, rows))
    if added:
        # The polls themselves are exempt from the trail; that some came, by whom and when, is in it.
        await record(session, POLLS_RECEIVED, ("store_observations", "live"), stores=len(known), added=added)
    return added
