"""One mechanism for every app's reports: asked for as a row, computed as a job, kept as an artifact."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.db.engine import Database
from opsroom.core.db.refusals import violated_unique
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.handler import JobType, Permanent, Run
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.reports.declaration import Asked, ReportTable, ReportType
from opsroom.core.reports.models import UNFINISHED, Report, ReportFormat, ReportStatus
from opsroom.core.reports.renderers import RENDERERS
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType

JOB = "reports.run"


class RunReport(BaseModel):
    report_id: UUID


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the computation hands to the saving transaction."""

    table: ReportTable
    blob: Blob
    media_type: str
    name: str


class Reports:
    """The declared report types, and running one."""

    def __init__(
        self, database: Database, blobs: Blobs, types: Iterable[ReportType[Any]] = (), *, keep: timedelta | None = None
    ) -> None:
        """keep: how long files of reports that say nothing else are kept; None: for ever"""
        self.types: dict[str, ReportType[Any]] = {}
        self._database = database
        self._blobs = blobs
        self._keep = keep
        self._when_ended: list[Callable[[AsyncSession, UUID], Awaitable[None]]] = []
        self.declare(types)

    def declare(self, types: Iterable[ReportType[Any]]) -> None:
        for report_type in types:
            if report_type.name in self.types:
                raise ValueError(f"two report types are named {report_type.name}")
            self.types[report_type.name] = report_type

    def when_ended(self, tell: Callable[[AsyncSession, UUID], Awaitable[None]]) -> None:
        """Have a function called in the transaction that marks a run as complete or failed."""
        self._when_ended.append(tell)

    def declared(self, name: str) -> ReportType[Any]:
        try:
            return self.types[name]
        except KeyError:
            known = ", ".join(sorted(self.types))
            raise NotFound(f"There is no report type {name}; there are: {known}.") from None

    async def request(
        self,
        session: AsyncSession,
        queue: JobQueue,
        type_name: str,
        parameters: BaseModel,
        report_format: ReportFormat,
        actor: Actor,
        *,
        private: bool = False,
        keep: timedelta | None = None,
    ) -> Report:
        """Insert a run and its job in the caller's transaction; `keep` is counted from now.

        Raises:
            Conflict: the type allows one unfinished run and has one; `report_id` names it.
        """
        declared = self.declared(type_name)
        report = Report(
            type=type_name,
            format=report_format,
            parameters=parameters.model_dump(mode="json"),
            permission=declared.permission,
            private=private,
            expires_at=now() + kept if (kept := keep or self._keep) else None,
            exclusive_key=type_name if declared.exclusive else None,
            user_id=actor.user_id,
            requested_by=actor.name,
        )
        await self._insert(session, report)
        job = await queue.add(session, JOB, RunReport(report_id=report.id), actor=actor)
        report.job_id = job.id
        await session.flush()
        return report

    def job_type(self) -> JobType[RunReport, Rendered]:
        return JobType(name=JOB, payload=RunReport, compute=self._compute, save=self._save, failed=self._failed)

    async def _insert(self, session: AsyncSession, report: Report) -> None:
        """Insert the run, or learn from the database that its type has an unfinished one."""
        try:
            async with session.begin_nested():
                session.add(report)
        except IntegrityError as error:
            if not _is_second(error):
                raise
        else:
            return
        unfinished = await session.scalar(
            select(Report.id).where(Report.exclusive_key == report.exclusive_key, Report.status.in_(UNFINISHED))
        )
        if unfinished is None:  # it ended at this very moment
            await self._insert(session, report)
            return
        raise Conflict(
            f"A report of type {report.type} is being made already; wait for it or cancel it.",
            code="report_unfinished",
            report_id=str(unfinished),
        )

    async def _begin(self, report_id: UUID) -> Report:
        """Mark the run as running; also one that had failed, when its job is tried again."""
        try:
            async with self._database.transaction() as session:
                report = await session.get(Report, report_id)
                if report is None:
                    raise Permanent("The report was removed before it was made.")
                report.status = ReportStatus.RUNNING
                report.started_at = report.started_at or now()
                report.error = report.finished_at = None
        except IntegrityError as error:
            if not _is_second(error):
                raise
            raise Permanent("Another report of this type is being made already.") from None
        return report

    async def _compute(self, payload: RunReport, run: Run) -> Rendered:
        report = await self._begin(payload.report_id)
        declared = self.declared(report.type)
        parameters = declared.parameters.model_validate(report.parameters)
        table = await declared.compute(parameters, run)
        await run.progress(0.95, f"writing {report.format.value}")
        renderer = RENDERERS[report.format]
        asked = Asked(report.type, declared.title, report.parameters)
        path = self._blobs.scratch / f"report-{report.id}-{run.attempt}"
        try:
            await asyncio.to_thread(renderer.write, table, asked, path)
            blob = await self._blobs.keep_file(path)
        finally:
            path.unlink(missing_ok=True)
        name = f"{declared.file_name.format(id=report.id)}.{report.format.value}"
        return Rendered(table, blob, renderer.media_type, name)

    async def _save(self, session: AsyncSession, payload: RunReport, done: Rendered, run: Run) -> dict[str, Any] | None:
        report = await session.get_one(Report, payload.report_id)
        artifact = Artifact(
            name=done.name,
            type=ArtifactType.REPORT,
            media_type=done.media_type,
            sha256=done.blob.sha256,
            size_bytes=done.blob.size,
            owner_id=run.user_id,
        )
        session.add(artifact)
        await session.flush()
        report.status = ReportStatus.COMPLETE
        report.artifact_id = artifact.id
        report.as_of = done.table.as_of
        report.input_fingerprint = done.table.fingerprint
        report.engine_version = done.table.engine_version
        report.row_count = done.table.frame.height
        report.size_bytes = done.blob.size
        report.summary = done.table.summary
        report.finished_at = now()
        await self._tell(session, report.id)
        return {"report_id": str(report.id)}

    async def _failed(self, session: AsyncSession, payload: RunReport, reason: str, _run: Run) -> None:
        await session.execute(
            update(Report)
            .where(Report.id == payload.report_id, Report.status.in_(UNFINISHED))
            .values(status=ReportStatus.FAILED, error=reason, finished_at=now(), version=Report.version + 1)
            .execution_options(synchronize_session=False)
        )
        await self._tell(session, payload.report_id)

    async def _tell(self, session: AsyncSession, report_id: UUID) -> None:
        for tell in self._when_ended:
            await tell(session, report_id)


def _is_second(error: IntegrityError) -> bool:
    """Whether the index that allows a type one unfinished run refused another."""
    return "exclusive_key" in (violated_unique(error) or "")
