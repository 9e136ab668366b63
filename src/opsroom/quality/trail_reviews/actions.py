"""Somebody looked through the trail, and says so by signature (EU Annex 11, section 9).

A review speaks of the entries between two checkpoints, so that the next one begins where the last one ended. It is an
entry of the trail itself: kept, sealed and proved like every other.
"""

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import Event, record
from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.audit.models import Action
from opsroom.core.audit.sealed.exporting import newest_checkpoint
from opsroom.core.audit.sealed.notes import read
from opsroom.core.errors import Conflict
from opsroom.quality.kinds import Meaning

REVIEWED = Event("audit.trail.reviewed", Action.SIGN)


async def review_trail(session: AsyncSession, actor: Actor, outcome: str, remarks: str | None) -> dict[str, Any]:
    """What was recorded. Who it is was made sure of before (`identity.confirm`).

    Raises:
        NotFound: nothing was sealed yet.
        Conflict: nothing was sealed since the last review.
    """
    connection = await session.connection()
    checkpoint = read((await newest_checkpoint(connection)).note)
    since = await _reached(connection)
    if since >= checkpoint.size:
        raise Conflict("Nothing was sealed since the last review of the trail.", code="nothing_to_review")
    said = {
        "printed_name": actor.name,
        "meaning": Meaning.REVIEW.value,
        "since_size": since,
        "until_size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "outcome": outcome,
        "remarks": remarks,
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    said["sha256"] = hashlib.sha256(canonical.encode()).hexdigest()
    await record(session, REVIEWED, None, **said)
    return said


async def _reached(connection: AsyncConnection) -> int:
    """How many entries the last review covered."""
    last = select(AUDIT_LOG.c.facts).where(AUDIT_LOG.c.event == REVIEWED.name).order_by(AUDIT_LOG.c.id.desc()).limit(1)
    facts = await connection.scalar(last)
    return facts["until_size"] if facts else 0
