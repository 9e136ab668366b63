"""An import: files that were handed in together take effect together, once, or not at all."""

import asyncio
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import Event, record
from opsroom.core.audit.models import Action
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.errors import Conflict
from opsroom.core.jobs.handler import JobType, Permanent, Run
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.parts import Parts
from opsroom.core.reports.models import ReportFormat
from opsroom.core.reports.run import Reports
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.stores.archive.known import not_archived
from opsroom.stores.bulk import allow_long_statements, lock_observations, newest_by_site, write_observations
from opsroom.stores.files import Reading, RefusedFileError, StoreIds
from opsroom.stores.models import FileKind, ImportStatus, ObservationImport
from opsroom.stores.parsing import Parsed, Rejects, parse
from opsroom.stores.register import Known, register_stores, set_hours, set_zones
from opsroom.stores.reports import UPTIME, UptimeParameters
from opsroom.stores.spool import Spool, arranged
from opsroom.stores.uptime import known_zone

JOB = "stores.import"
OBSERVATIONS_IMPORTED = Event("stores.observations.imported", Action.CREATE)
COMPRESSED = 8  # a plain file is about so many times the size of a compressed one


class ImportFiles(BaseModel):
    """report: ask for an uptime report in the transaction of the import"""

    import_ids: list[UUID]
    report: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the import, as recorded when it was handed in."""

    import_id: UUID
    kind: FileKind
    file_name: str
    sha256: str
    size: int
    mapping: dict[str, str]
    imported_before: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """Everything parsed and checked, ready to be written."""

    sources: list[Source]
    parsed: list[Parsed]
    rejects: list[Blob | None]
    ids: StoreIds
    spool: Spool


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that accepted rows name: numbers and names side by side, and by name what is known of them."""

    known: dict[str, Known]
    numbers: npt.NDArray[np.int64]
    names: pl.Series


class Importer:
    """The job type `stores.import`, with what it needs."""

    def __init__(self, parts: Parts) -> None:
        self._database: Database = parts.database
        self._blobs: Blobs = parts.blobs
        self._reports: Reports = parts.reports
        self._queue: JobQueue = parts.queue
        self._max_rejected: float | None = parts.options["max_rejected_percent"]
        self._longest = timedelta(seconds=parts.options["long_statement_timeout"])

    def job_type(self) -> JobType[ImportFiles, Arrived]:
        return JobType(name=JOB, payload=ImportFiles, compute=self._compute, save=self._save, failed=self._failed)

    async def _compute(self, payload: ImportFiles, run: Run) -> Arrived:
        async with self._database.transaction() as session:
            sources = [await _source(session, key) for key in payload.import_ids]
        reading = Reading(StoreIds(), int(now().timestamp() * 1_000_000))
        arrived = Arrived(
            sources, [], [], reading.ids, Spool(self._blobs.scratch, sum(s.size for s in sources) * COMPRESSED)
        )
        try:
            await self._arrive(arrived, reading, run)
        except BaseException:
            # Not when the error is forgotten at last: its mark may need the room on the disk.
            arrived.spool.remove()
            raise
        return arrived

    async def _arrive(self, arrived: Arrived, reading: Reading, run: Run) -> None:
        for place, source in enumerate(arrived.sources):
            parsed, rejects = await self._read(source, reading, arrived.spool, run, place / len(arrived.sources))
            self._refuse_too_many_rejected(source, parsed)
            arrived.parsed.append(parsed)
            arrived.rejects.append(rejects)
        _refuse_unstorable(arrived)
        await run.progress(0.7, f"writing {sum(p.accepted for p in arrived.parsed):,} rows")

    async def _read(
        self, source: Source, reading: Reading, spool: Spool, run: Run, done: float
    ) -> tuple[Parsed, Blob | None]:
        if source.imported_before:
            return Parsed(), None
        loop = asyncio.get_running_loop()
        stopped = threading.Event()

        def tell(rows: int) -> None:
            """Called in the parsing thread; raises there when the job was cancelled or the worker stops."""
            if stopped.is_set():
                raise asyncio.CancelledError
            message = f"{source.file_name}: {rows:,} rows read"
            asyncio.run_coroutine_threadsafe(run.progress(0.7 * done, message), loop).result()

        path = await self._blobs.fetch(source.sha256)
        try:
            with Rejects(self._blobs.scratch) as rejects:
                parsed = await asyncio.to_thread(
                    parse, path, source.kind, source.mapping, reading, spool, rejects, tell
                )
                blob = await self._blobs.keep_file(rejects.path) if rejects.count else None
        except RefusedFileError as error:
            # The sentence names the scratch copy; people know the file by its own name.
            raise Permanent(str(error).replace(str(path), source.file_name)) from None
        finally:
            stopped.set()
            path.unlink(missing_ok=True)
        return parsed, blob

    def _refuse_too_many_rejected(self, source: Source, parsed: Parsed) -> None:
        refused = sum(parsed.rejected.values())
        if self._max_rejected is not None and refused * 100 > self._max_rejected * parsed.read:
            raise Permanent(
                f"{source.file_name}: {refused:,} of {parsed.read:,} rows were rejected, more than the "
                f"{self._max_rejected:g} % allowed; nothing was imported."
            )

    async def _save(self, session: AsyncSession, payload: ImportFiles, arrived: Arrived, run: Run) -> dict[str, Any]:
        try:
            return await self._write(session, payload, arrived, run)
        finally:
            arrived.spool.remove()

    async def _write(self, session: AsyncSession, payload: ImportFiles, arrived: Arrived, run: Run) -> dict[str, Any]:
        await allow_long_statements(session, self._longest)
        await lock_observations(session, shared=False)
        numbers = np.unique(np.concatenate([parsed.stores for parsed in arrived.parsed]))
        names = arrived.ids.texts(numbers)
        known = await register_stores(session, names)
        stores = Stores(known, numbers, names)
        for source, parsed, rejects in zip(arrived.sources, arrived.parsed, arrived.rejects, strict=True):
            added = await _apply(session, self._blobs, source, parsed, stores, arrived.spool)
            await _record(session, source, parsed, rejects, added, run)
        report_id = await self._ask_for_report(session, run) if payload.report else None
        return {
            "stores": len(known),
            "rows_accepted": sum(parsed.accepted for parsed in arrived.parsed),
            "report_id": report_id,
            "imported_before": [source.file_name for source in arrived.sources if source.imported_before],
        }

    async def _ask_for_report(self, session: AsyncSession, run: Run) -> str | None:
        """The id of the report that will tell of the import; None when it is one that is being made already."""
        actor = Actor(name=run.requested_by, user_id=run.user_id)
        try:
            report = await self._reports.request(
                session, self._queue, UPTIME, UptimeParameters(), ReportFormat.CSV, actor
            )
        except Conflict:
            return None
        return str(report.id)

    async def _failed(self, session: AsyncSession, payload: ImportFiles, reason: str, _run: Run) -> None:
        await session.execute(
            update(ObservationImport)
            .where(ObservationImport.id.in_(payload.import_ids))
            .values(status=ImportStatus.FAILED, error=reason, finished_at=now(), version=ObservationImport.version + 1)
        )


def _refuse_unstorable(arrived: Arrived) -> None:
    """PostgreSQL keeps no NUL characters; a file that has them in its ids is damaged."""
    for source, parsed in zip(arrived.sources, arrived.parsed, strict=True):
        if arrived.ids.texts(parsed.stores).str.contains("\0", literal=True).any():
            raise Permanent(f"{source.file_name}: a store id holds a NUL character; export the file again.")


async def _source(session: AsyncSession, import_id: UUID) -> Source:
    row = await session.get_one(ObservationImport, import_id)
    before = row.kind is FileKind.STATUS and await session.scalar(
        select(ObservationImport.id)
        .where(
            ObservationImport.kind == row.kind,
            ObservationImport.sha256 == row.sha256,
            ObservationImport.status == ImportStatus.COMPLETE,
            ObservationImport.mapping == row.mapping,
        )
        .limit(1)
    )
    return Source(
        row.id, row.kind, row.file_name, row.sha256, row.size_bytes, row.mapping, imported_before=bool(before)
    )


async def _apply(
    session: AsyncSession, blobs: Blobs, source: Source, parsed: Parsed, stores: Stores, spool: Spool
) -> int:
    """Write one file's rows; gives how many are new."""
    if source.imported_before:
        return 0
    if source.kind is FileKind.STATUS:
        return await _write_polls(session, blobs, stores, spool)
    names = pl.DataFrame({"store": stores.numbers, "name": stores.names})
    rows = parsed.rows.cast({"store": pl.Int64}).join(names, on="store", how="left", maintain_order="left")
    rows = rows.with_columns(store="name")
    if source.kind is FileKind.HOURS:
        return await set_hours(session, stores.known, rows)
    return await set_zones(session, stores.known, _last_zones(rows))


async def _write_polls(session: AsyncSession, blobs: Blobs, stores: Stores, spool: Spool) -> int:
    site_of = np.zeros(int(stores.numbers.max(initial=0)) + 1, dtype=np.int64)
    site_of[stores.numbers] = [stores.known[name].site for name in stores.names]
    newest = await newest_by_site(session)
    added = 0
    for part in spool.parts():
        frame = await not_archived(session, blobs, await asyncio.to_thread(_arranged, part, site_of))
        added += await write_observations(session, frame, newest)
    return added


def _arranged(part: pl.DataFrame, site_of: npt.NDArray[np.int64]) -> pl.DataFrame:
    status = part["status"].cast(pl.Int64).to_numpy()
    return arranged(site_of[part["store"].to_numpy()], part["instant"].to_numpy(), status)


def _last_zones(rows: pl.DataFrame) -> dict[str, str]:
    """Of several rows of a store the last with a known zone counts, as in the engine; else the last that names one."""
    named = rows.filter(pl.col("zone").fill_null("") != "")
    good = [zone for zone in named["zone"].unique().to_list() if known_zone(zone) is not None]
    chosen: dict[str, str] = dict(named.select("store", "zone").iter_rows())
    return chosen | dict(named.filter(pl.col("zone").is_in(good)).select("store", "zone").iter_rows())


async def _record(
    session: AsyncSession, source: Source, parsed: Parsed, rejects: Blob | None, added: int, run: Run
) -> None:
    row = await session.get_one(ObservationImport, source.import_id)
    if rejects is not None:
        artifact = Artifact(
            name=f"rejected_{source.kind}.csv",
            type=ArtifactType.LOG,
            media_type="text/csv; charset=utf-8",
            sha256=rejects.sha256,
            size_bytes=rejects.size,
            owner_id=run.user_id,
        )
        session.add(artifact)
        await session.flush()
        row.rejects_artifact_id = artifact.id
    row.status = ImportStatus.COMPLETE
    row.columns = parsed.columns
    row.rows_read = parsed.read
    row.rows_accepted = parsed.accepted
    row.rows_added = added
    row.rejected = dict(parsed.rejected)
    row.finished_at = now()
    counts = {"read": parsed.read, "accepted": parsed.accepted, "added": added, "rejected": dict(parsed.rejected)}
    named = {"kind": source.kind.value, "file_name": source.file_name, "sha256": source.sha256}
    await record(session, OBSERVATIONS_IMPORTED, ("observation_imports", row.id), **named, **counts)
