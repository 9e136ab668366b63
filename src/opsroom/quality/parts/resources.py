"""Parts, declared. Each change of what a part must be like is a revision of its own, kept."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid
from opsroom.core.resources.declaration import Parent, Resource
from opsroom.core.shapes import patch_of
from opsroom.quality.parts.models import Part, PartRevision
from opsroom.quality.parts.schemas import PartCreate, PartRead, RevisionRead


async def _prepare(session: AsyncSession, actor: Actor, values: dict[str, Any], part_id: UUID | None) -> dict[str, Any]:
    """Write the revision that the change makes, in the same transaction."""
    if part_id is None:
        values = values | {"id": uuid7()}
        await _add(session, actor, values["id"], values["revision"], values["specifications"])
        return values
    part = await session.get_one(Part, part_id)
    revision = values.get("revision", part.revision)
    specifications = values.get("specifications", part.specifications)
    if revision == part.revision:
        if specifications != part.specifications:
            raise Invalid("Specifications change with a new revision only; give `revision` too.", field="revision")
        return values
    used = select(PartRevision.id).where(PartRevision.part_id == part_id, PartRevision.revision == revision)
    if await session.scalar(used):
        raise Conflict(f"{part.part_number} had a revision {revision} before; give it another name.", field="revision")
    await _add(session, actor, part_id, revision, specifications)
    return values


async def _add(
    session: AsyncSession, actor: Actor, part_id: UUID, revision: str, specifications: dict[str, Any]
) -> None:
    session.add(
        PartRevision(
            part_id=part_id,
            revision=revision,
            specifications=specifications,
            effective_from=now(),
            changed_by=actor.name,
        )
    )
    await session.flush()


PARTS = Resource(
    model=Part,
    prefix="/api/v1/quality/parts",
    tags=("quality",),
    read=PartRead,
    create=PartCreate,
    update=patch_of(PartCreate),
    permission="quality.parts",
    key="part_number",
    search=("part_number", "name"),
    deletable=False,  # lots of years ago refer to it; make it inactive
    prepare=_prepare,
)
REVISIONS = Resource(
    model=PartRevision,
    prefix="/revisions",
    parent=Parent(PARTS, "part_id"),
    tags=("quality",),
    read=RevisionRead,
    permission="quality.parts",
)
