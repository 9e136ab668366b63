"""Keeping, changing, holding and letting go of files."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.artifacts.jobs import MOVE, MoveContent
from opsroom.core.artifacts.resources import not_of_hidden_reports
from opsroom.core.artifacts.trail import HELD, RELEASED
from opsroom.core.audit.events import record
from opsroom.core.errors import Conflict, Forbidden, NotFound
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact
from opsroom.core.storage.tiers import Tier

MANAGE = "artifacts.manage"
LARGEST = 1 << 40  # bytes; what a request may have is decided before it arrives here


async def receive(blobs: Blobs, chunks: AsyncIterator[bytes]) -> Blob:
    """A file as it arrives, in constant memory."""
    path = await blobs.receive(chunks, LARGEST)
    try:
        return await blobs.keep_file(path)
    finally:
        path.unlink(missing_ok=True)


async def owned(session: AsyncSession, artifact_id: UUID, actor: Actor) -> Artifact:
    """
    Raises:
        NotFound: there is none that this actor may know of.
        Forbidden: it is somebody else's; reports, images and the like are fetched where they belong.
    """
    found = select(Artifact).where(Artifact.id == artifact_id)
    rule = not_of_hidden_reports(actor)
    artifact = await session.scalar(found if rule is None else found.where(rule))
    if artifact is None:
        raise NotFound(f"There is no artifact {artifact_id}.")
    if not actor.may(MANAGE) and (actor.user_id is None or artifact.owner_id != actor.user_id):
        raise Forbidden(
            f"This file is somebody else's: it needs {MANAGE}. Files of reports, imports and inspections are fetched "
            "from those.",
            permission=MANAGE,
        )
    return artifact


async def change(session: AsyncSession, artifact: Artifact, given: dict[str, Any]) -> None:
    for name, value in given.items():
        setattr(artifact, name, value)
    await session.flush()


async def hold(session: AsyncSession, artifact_id: UUID, reason: str, actor: Actor) -> Artifact:
    artifact = await owned(session, artifact_id, actor)
    if artifact.legal_hold:
        raise Conflict(f"The file is under legal hold already: {artifact.hold_reason}.", code="held_already")
    artifact.legal_hold, artifact.hold_reason = True, reason
    await record(session, HELD, ("artifacts", artifact.id), why=reason)
    await session.flush()
    return artifact


async def release(session: AsyncSession, artifact_id: UUID, reason: str, actor: Actor) -> Artifact:
    artifact = await owned(session, artifact_id, actor)
    if not artifact.legal_hold:
        raise Conflict("The file is under no legal hold.", code="not_held")
    artifact.legal_hold, artifact.hold_reason = False, None
    await record(session, RELEASED, ("artifacts", artifact.id), why=reason)
    await session.flush()
    return artifact


async def ask_to_move(session: AsyncSession, queue: JobQueue, artifact: Artifact, tier: Tier, actor: Actor) -> Job:
    if artifact.tier is tier:
        raise Conflict(f"The file is in the tier {tier.value} already.", code="in_tier")
    return await queue.add(session, MOVE, MoveContent(sha256=artifact.sha256, tier=tier), actor=actor)
