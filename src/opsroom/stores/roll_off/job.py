"""The job `stores.roll_off`: polls older than so many days move from the table to files, a month and block at a time.

Each partition moves in one transaction of its own: it inserts the archive and deletes its polls, or does neither. So
each poll is in the table or in an archive, whenever the work is interrupted, and the next run goes on from there.

Age counts back from the newest poll, as reports do; the newest poll itself always stays in the table.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, Field
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.audit.events import Event, record
from opsroom.core.audit.models import Action
from opsroom.core.db.engine import Database
from opsroom.core.db.frames import Read, read_frames
from opsroom.core.errors import Unavailable
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import Parts
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.stores.archive.files import MEDIA_TYPE, write_archive
from opsroom.stores.archive.history import open_archive
from opsroom.stores.archive.models import ArchivedSite, ObservationArchive
from opsroom.stores.archive.partition import SITES_PER_BLOCK, Partition, partition_at
from opsroom.stores.bulk import allow_long_statements, lock_observations
from opsroom.stores.models import StoreObservation
from opsroom.stores.packed_polls import PollReads
from opsroom.stores.snapshot import HIGHEST, latest_observation
from opsroom.stores.uptime import DAY

JOB = "stores.roll_off"
OBSERVATIONS_ARCHIVED = Event("stores.observations.archived", Action.UPDATE)
OLDEST = """
    SELECT min(oldest) FROM (
        SELECT (SELECT min(o.observed_at) FROM store_observations o WHERE o.site = s.site) AS oldest
        FROM stores s WHERE s.site >= {first} AND s.site < {end}
    ) found
"""
TRIES = 3  # late polls may arrive while a partition is written


class RollOff(BaseModel):
    keep_days: int | None = Field(None, ge=1, description="days that stay in the table; none: as the setting says")


@dataclass(frozen=True, slots=True)
class Polls:
    """What is in the table for a partition, and what says whether that is still so.

    Rows are only added, and their bits only set, so that any change raises one of the two.
    """

    rows: pl.DataFrame

    @property
    def mark(self) -> tuple[int, int]:
        return self.rows.height, int(self.rows["seen"].sum())


@dataclass(frozen=True, slots=True)
class Written:
    """A partition's file: what was archived before and the polls of the table together."""

    before: ObservationArchive | None
    rows: pl.DataFrame
    blob: Blob


class Rolling:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._blobs: Blobs = parts.blobs
        self._keep_days: int | None = parts.options["keep_polls_days"]
        self._longest = timedelta(seconds=parts.options["long_statement_timeout"])

    def job_type(self) -> JobType[RollOff, dict[str, Any]]:
        return JobType(name=JOB, payload=RollOff, compute=self._compute, save=self._save, every=timedelta(days=1))

    async def _compute(self, payload: RollOff, run: Run) -> dict[str, Any]:
        keep_days = payload.keep_days or self._keep_days
        latest = await asyncio.to_thread(latest_observation, self._database)
        moved: dict[str, Any] = {"keep_days": keep_days, "archives": 0, "polls": 0}
        if keep_days is None or latest is None:
            return moved
        blocks = await asyncio.to_thread(_blocks, self._database)
        for block in range(blocks):
            while (partition := await self._oldest(block)) is not None and partition.end <= latest - keep_days * DAY:
                await run.progress(block / blocks, partition.name)
                moved["polls"] += await self._move(partition, run)
                moved["archives"] += 1
        return moved

    async def _save(
        self, _session: AsyncSession, _payload: RollOff, moved: dict[str, Any], _run: Run
    ) -> dict[str, Any]:
        return moved

    async def _oldest(self, block: int) -> Partition | None:
        first = block * SITES_PER_BLOCK
        read = Read(OLDEST.format(first=first, end=first + SITES_PER_BLOCK), ("oldest",))
        (frame,) = await asyncio.to_thread(read_frames, self._database, [read])
        return None if frame.item() is None else partition_at(frame.item(), block)

    async def _move(self, partition: Partition, run: Run) -> int:
        for _ in range(TRIES):
            polls = await asyncio.to_thread(_read, self._database, partition)
            if polls.rows.height == 0:
                return 0  # another worker was faster
            written = await self._written(partition, polls)
            async with self._database.transaction() as session:
                await allow_long_statements(session, self._longest)
                await lock_observations(session, shared=False)
                if await _unchanged(session, partition, polls, written.before):
                    await _exchange(session, partition, written, run)
                    return polls.rows.height
        raise Unavailable(
            f"Polls of {partition.name} keep arriving; they are archived when that ends.", code="arriving"
        )

    async def _written(self, partition: Partition, polls: Polls) -> Written:
        async with self._database.reading() as connection, AsyncSession(connection) as session:
            before = await _archive_of(session, partition)
            session.expunge_all()
        rows = polls.rows
        if before is not None:
            archived = await open_archive(self._blobs, partition, before.sha256)
            rows = await asyncio.to_thread(_united, archived, rows)
        path = await asyncio.to_thread(_file_of, rows, self._blobs.scratch)
        try:
            return Written(before, rows, await self._blobs.keep_file(path))
        finally:
            path.unlink(missing_ok=True)


def _blocks(database: Database) -> int:
    (frame,) = read_frames(database, [Read(HIGHEST, ("site",))])
    return int(frame.item()) // SITES_PER_BLOCK + 1


def _read(database: Database, partition: Partition) -> Polls:
    only = f"AND s.site >= {partition.first_site} AND s.site < {partition.end_site}"
    reads = PollReads(partition.start, partition.end, partition.end - 1, only, partition.end_site)
    (within,) = read_frames(database, [reads.within()])
    return Polls(reads.unpacked(within))


def _united(archived: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat([archived, rows]).group_by("store", "observed_at").agg(pl.col("seen").bitwise_or())
    return both.sort("store", "observed_at")


def _file_of(rows: pl.DataFrame, scratch: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".parquet", delete=False) as file:
        path = Path(file.name)
    write_archive(rows, path)
    return path


async def _archive_of(session: AsyncSession, partition: Partition) -> ObservationArchive | None:
    query = select(ObservationArchive).filter_by(month=partition.month, block=partition.block)
    found: ObservationArchive | None = await session.scalar(query)
    return found


async def _unchanged(
    session: AsyncSession, partition: Partition, polls: Polls, before: ObservationArchive | None
) -> bool:
    """Whether the table and the archive are as they were read; under the lock they stay so."""
    online = select(func.count(), func.coalesce(func.sum(StoreObservation.seen), 0)).where(*_mine(partition))
    now = await _archive_of(session, partition)
    same = (now and now.sha256) == (before and before.sha256)
    return same and tuple((await session.execute(online)).one()) == polls.mark


def _mine(partition: Partition) -> tuple[Any, ...]:
    site, at = StoreObservation.site, StoreObservation.observed_at
    return site >= partition.first_site, site < partition.end_site, at >= partition.start, at < partition.end


async def _exchange(session: AsyncSession, partition: Partition, written: Written, run: Run) -> None:
    """The partition's archive is this file from now on, and its polls leave the table."""
    await _point_to(session, partition, written, run)
    await session.execute(delete(StoreObservation).where(*_mine(partition)))


async def _point_to(session: AsyncSession, partition: Partition, written: Written, run: Run) -> None:
    artifact = _artifact(partition, written.blob, run)
    session.add(artifact)
    await session.flush()
    archive = await _archive_of(session, partition)
    outdated = None if archive is None else archive.artifact_id
    if archive is None:
        archive = ObservationArchive(month=partition.month, block=partition.block)
        session.add(archive)
    sites = _sites(written.rows)
    archive.first_at, archive.last_at = min(sites["first_at"]), max(sites["last_at"])
    archive.polls, archive.stores = written.rows.height, sites.height
    archive.sha256, archive.size_bytes = written.blob.sha256, written.blob.size
    archive.artifact_id, archive.job_id, archive.archived_by = artifact.id, run.job_id, run.requested_by
    await session.flush()
    if outdated is not None:
        await session.execute(delete(Artifact).where(Artifact.id == outdated))
    site = ArchivedSite.site
    mine = (site >= partition.first_site, site < partition.end_site, ArchivedSite.month_start == partition.start)
    await session.execute(delete(ArchivedSite).where(*mine))
    await session.execute(insert(ArchivedSite), sites.with_columns(month_start=partition.start).to_dicts())
    about = {"month": f"{partition.month:%Y-%m}", "block": partition.block, "sha256": written.blob.sha256}
    facts = {"polls": archive.polls, "stores": archive.stores, "bytes": archive.size_bytes}
    await record(session, OBSERVATIONS_ARCHIVED, ("observation_archives", archive.id), **about, **facts)


def _artifact(partition: Partition, blob: Blob, run: Run) -> Artifact:
    return Artifact(
        name=f"polls_{partition.month:%Y-%m}_{partition.first_site}-{partition.end_site - 1}.parquet",
        type=ArtifactType.DATASET,
        media_type=MEDIA_TYPE,
        sha256=blob.sha256,
        size_bytes=blob.size,
        owner_id=run.user_id,
    )


def _sites(rows: pl.DataFrame) -> pl.DataFrame:
    """What `archived_sites` keeps of each store."""
    at, seen = pl.col("observed_at"), pl.col("seen")
    return rows.group_by(site="store", maintain_order=True).agg(
        first_at=at.first(), first_seen=seen.first(), last_at=at.last(), last_seen=seen.last()
    )
