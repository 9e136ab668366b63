"""Files move between tiers, by request or by rule, and are read through from time to time.

A move is three steps, each of which may be repeated: a verified copy in the new tier; the rows; and in a job of its
own, once the rows are committed, the copies that no row speaks of any more. A worker that dies between them leaves
a copy too many and never one too few.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.artifacts.trail import DAMAGED
from opsroom.core.audit.events import record
from opsroom.core.clock import now
from opsroom.core.errors import Unavailable
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.storage.models import Artifact, ArtifactRule
from opsroom.core.storage.tiers import Tier

MOVE, CLEAR, RULES, CHECK = "artifacts.move", "artifacts.clear", "artifacts.rules", "artifacts.check"
AT_ONCE = 500
READ_AGAIN = timedelta(days=30)
DAMAGE = {"artifact_corrupted", "artifact_missing"}

log = structlog.get_logger("opsroom.storage")


class MoveContent(BaseModel):
    sha256: str
    tier: Tier


class Content(BaseModel):
    sha256: str


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    keeper = Keeper(parts)
    return [
        JobType(name=MOVE, payload=MoveContent, compute=keeper.copy, save=keeper.moved),
        JobType(name=CLEAR, payload=Content, compute=keeper.clear, save=_nothing_to_save),
        JobType(name=RULES, payload=NoPayload, compute=_nothing, save=keeper.apply_rules, every=timedelta(hours=6)),
        JobType(name=CHECK, payload=NoPayload, compute=keeper.look, save=keeper.seen, every=timedelta(hours=1)),
    ]


class Keeper:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def copy(self, payload: MoveContent, _run: Run) -> None:
        await self._parts.blobs.copy(payload.sha256, payload.tier)

    async def moved(
        self, session: AsyncSession, payload: MoveContent, _copied: None, _run: Run
    ) -> dict[str, Any] | None:
        """All artifacts of the content at once: they share its bytes."""
        changed = await session.execute(
            update(Artifact)
            .where(Artifact.sha256 == payload.sha256, Artifact.tier != payload.tier)
            .values(tier=payload.tier, version=Artifact.version + 1, updated_at=now())
            .returning(Artifact.id)
            .execution_options(synchronize_session=False)
        )
        await self._parts.queue.add(session, CLEAR, Content(sha256=payload.sha256))
        return {"artifacts": len(changed.all())}

    async def clear(self, payload: Content, _run: Run) -> None:
        """Where no row says anything, nothing is touched: that is for whoever collects what is referred to no more."""
        async with self._parts.database.reading() as connection:
            spoken_of = select(Artifact.tier).where(Artifact.sha256 == payload.sha256).distinct()
            tiers = set((await connection.execute(spoken_of)).scalars())
        present = await self._parts.blobs.tiers_of(payload.sha256)
        if tiers & set(present):
            await self._parts.blobs.remove(payload.sha256, [tier for tier in present if tier not in tiers])

    async def apply_rules(
        self, session: AsyncSession, _payload: NoPayload, _computed: None, _run: Run
    ) -> dict[str, Any] | None:
        """Down only; of several rules that fit a file the one that leads furthest down."""
        rules = (await session.scalars(select(ArtifactRule).where(ArtifactRule.active))).all()
        targets: dict[str, Tier] = {}
        for rule in sorted(rules, key=lambda each: each.tier.rank):
            for sha256 in await session.scalars(_due(rule, now())):
                targets[sha256] = rule.tier
        for sha256, tier in targets.items():
            await self._parts.queue.add(session, MOVE, MoveContent(sha256=sha256, tier=tier))
        return {"moves": len(targets)}

    async def look(self, _payload: NoPayload, run: Run) -> dict[str, bool]:
        """Whether each of the contents read longest ago is still what it was."""
        async with self._parts.database.reading() as connection:
            contents = (await connection.execute(_unread(now()))).scalars().all()
        found = {}
        for number, sha256 in enumerate(contents):
            await run.progress(number / len(contents), "reading files through")
            found[sha256] = await self._is_whole(sha256)
        return found

    async def _is_whole(self, sha256: str) -> bool:
        try:
            await self._parts.blobs.verify(sha256)
        except Unavailable as refusal:
            if refusal.code not in DAMAGE:
                raise
            return False
        return True

    async def seen(
        self, session: AsyncSession, _payload: NoPayload, found: dict[str, bool], _run: Run
    ) -> dict[str, Any] | None:
        for sha256, is_whole in found.items():
            await mark(session, sha256, is_whole=is_whole)
        return {"read": len(found), "damaged": sorted(sha256 for sha256, is_whole in found.items() if not is_whole)}


async def mark(session: AsyncSession, sha256: str, *, is_whole: bool) -> None:
    """Write down what was found; damage is an event of the trail, once, until the file is whole again."""
    at = now()
    rows = update(Artifact).where(Artifact.sha256 == sha256).execution_options(synchronize_session=False)
    if is_whole:
        await session.execute(rows.values(verified_at=at, damaged_at=None))
        return
    newly = rows.where(Artifact.damaged_at.is_(None)).values(damaged_at=at, version=Artifact.version + 1)
    for artifact_id in (await session.scalars(newly.returning(Artifact.id))).all():
        log.error("an artifact's file is damaged", artifact_id=str(artifact_id), sha256=sha256)
        await record(session, DAMAGED, ("artifacts", artifact_id), sha256=sha256)


def _due(rule: ArtifactRule, at: datetime) -> Any:
    above = [tier for tier in Tier if tier.rank < rule.tier.rank]
    young = at - timedelta(days=rule.after_days)
    found = select(Artifact.sha256).where(Artifact.tier.in_(above))
    if rule.type is not None:
        found = found.where(Artifact.type == rule.type)
    # The youngest artifact of a content decides: somebody may have handed it in again yesterday.
    return found.group_by(Artifact.sha256).having(func.max(Artifact.created_at) < young).limit(AT_ONCE)


def _unread(at: datetime) -> Any:
    read = func.min(Artifact.verified_at)
    return (
        select(Artifact.sha256)
        .where((Artifact.verified_at.is_(None)) | (Artifact.verified_at < at - READ_AGAIN))
        .group_by(Artifact.sha256)
        .order_by(read.asc().nulls_first(), Artifact.sha256)
        .limit(AT_ONCE)
    )


async def _nothing(_payload: NoPayload, _run: Run) -> None:
    """All of it is one transaction."""


async def _nothing_to_save(_session: AsyncSession, _payload: Content, _computed: None, _run: Run) -> None:
    """The rows are as they should be."""
