"""What must be in the database after all that was handed in, and whether it is."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.torture.deliveries import Delivery
from tests.torture.door import Door
from tests.torture.programs import LONGEST, LOOK_EVERY
from tests.torture.wrong import WentWrong

from opsroom.core.audit.declaration import audited_tables
from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.audit.models import AuditEntry
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.jobs.models import UNFINISHED, Job, JobStatus
from opsroom.core.reports.models import Report, ReportStatus
from opsroom.core.reports.run import JOB as MAKE_REPORT
from opsroom.core.reports.trail import REPORT_DOWNLOADED
from opsroom.stores.imports import JOB as IMPORT
from opsroom.stores.imports import OBSERVATIONS_IMPORTED
from opsroom.stores.models import FileKind, ImportStatus, ObservationImport, Store, StoreObservation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ASKED_FOR = (IMPORT, MAKE_REPORT)  # others come by the clock


@dataclass
class Ledger:
    """user: who the trail must name for what came through the door
    before: keys by table of what migrations have brought without its being on record
    """

    database: Database
    door: Door
    user: str
    handed_in: list[Delivery] = field(default_factory=list)
    before: dict[str, set[str]] = field(default_factory=dict)

    async def begin(self) -> None:
        """To be called before anything is asked for."""
        async with self.database.reading() as connection:
            on_record = await _on_record(connection)
            self.before = {table: there - on_record[table].keys() for table, there in (await _keys(connection)).items()}

    def expect(self, deliveries: Iterable[Delivery]) -> None:
        self.handed_in.extend(deliveries)

    async def unfinished(self) -> list[str]:
        query = select(Job.id, Job.type, Job.status, Job.error).where(
            Job.type.in_(ASKED_FOR), Job.status.in_(UNFINISHED)
        )
        async with self.database.reading() as connection:
            return [" ".join(map(str, row)) for row in await connection.execute(query)]

    async def settle(self) -> None:
        """Wait until every job that was asked for has ended."""
        end = time.monotonic() + LONGEST
        while left := await self.unfinished():
            if time.monotonic() > end:
                raise WentWrong(f"not done after {LONGEST:.0f} s: " + "; ".join(left))
            await asyncio.sleep(LOOK_EVERY)

    async def counts(self) -> dict[str, int]:
        """For the summary."""
        async with self.database.reading() as connection:
            jobs = (await connection.execute(select(Job.attempt).where(Job.type.in_(ASKED_FOR)))).scalars().all()
            return {
                "jobs": len(jobs),
                "attempts": sum(jobs),
                "begun again": sum(attempt > 1 for attempt in jobs),
                "polls": await connection.scalar(select(func.count()).select_from(StoreObservation)) or 0,
                "entries": await connection.scalar(select(func.count()).select_from(AuditEntry)) or 0,
            }

    async def reports_but(self, known: set[str]) -> dict[str, int]:
        """The other reports, each with the instant it speaks of, microseconds UTC."""
        async with self.database.reading() as connection:
            rows = await connection.execute(select(Report.id, Report.as_of))
            return {str(key): ((as_of or EPOCH) - EPOCH) // MICROSECOND for key, as_of in rows if str(key) not in known}

    async def check(self, *, whole: bool) -> None:
        """Raises WentWrong, naming what is lost, doubled, half written or not on record.

        whole: compare every poll and every audited record, not only their numbers
        """
        async with self.database.reading() as connection:
            found = [line async for line in self._findings(connection, whole=whole)]
        if found:
            raise WentWrong("\n".join(found))

    async def _findings(self, connection: AsyncConnection, *, whole: bool) -> AsyncIterator[str]:
        for check in (self._jobs, self._reports, self._imports, self._trail):
            for line in await check(connection):
                yield line
        for line in await (self._polls(connection) if whole else self._number_of_polls(connection)):
            yield line
        if whole:
            for line in await _records_and_trail(connection, self.before):
                yield line

    async def _jobs(self, connection: AsyncConnection) -> list[str]:
        rows = (await connection.execute(select(Job).where(Job.type.in_(ASKED_FOR)))).all()
        found = [
            f"job {job.id} ({job.type}) is {job.status.value} after {job.attempt} attempts: {job.error}"
            for job in rows
            if job.status is not JobStatus.SUCCEEDED
        ]
        return found + _missing("accepted job", self.door.jobs, (job.id for job in rows))

    async def _reports(self, connection: AsyncConnection) -> list[str]:
        rows = (await connection.execute(select(Report))).all()
        found = [f"report {r.id} is {r.status.value}: {r.error}" for r in rows if r.status is not ReportStatus.COMPLETE]
        return found + _missing("accepted report", self.door.reports, (report.id for report in rows))

    async def _imports(self, connection: AsyncConnection) -> list[str]:
        rows = (await connection.execute(select(ObservationImport))).all()
        found = [f"import {r.id} is {r.status.value}: {r.error}" for r in rows if r.status is not ImportStatus.COMPLETE]
        found += _missing("accepted import", self.door.imports, (row.id for row in rows))
        status = [row for row in rows if row.kind is FileKind.STATUS]
        times, added = Counter(row.sha256 for row in status), Counter[str]()
        for row in status:
            added[row.sha256] += row.rows_added
        for each in self.handed_in:
            if not 1 <= times[each.sha256] <= self.door.sent[each.sha256]:
                found.append(
                    f"{_named(each)} was sent {self.door.sent[each.sha256]} times, is there {times[each.sha256]}"
                )
            if added[each.sha256] != each.new.height:
                found.append(f"{_named(each)} has {each.new.height} new polls, its imports added {added[each.sha256]}")
        return found

    async def _trail(self, connection: AsyncConnection) -> list[str]:
        """One entry for each creation, in the name of who asked; one for each end; one event for each import."""
        entries = (
            await connection.execute(
                select(AUDIT_LOG.c.event, AUDIT_LOG.c.record_id, AUDIT_LOG.c.after, AUDIT_LOG.c.user_name).where(
                    AUDIT_LOG.c.event.in_(WATCHED)
                )
            )
        ).all()
        times: dict[str, Counter[str]] = {name: Counter() for name in (*WATCHED, *ENDS)}
        of_others = set()
        ours = self.door.imports | self.door.jobs | self.door.reports
        for entry in entries:
            end = ENDED.get((entry.event, str((entry.after or {}).get("status"))))
            name = end or entry.event
            times[name][entry.record_id] += 1
            # Claiming a job is the worker's own doing; its creation and its end are done for who asked.
            if name != "jobs.updated" and entry.record_id in ours and entry.user_name != self.user:
                of_others.add(f"{name} {entry.record_id} is recorded as of {entry.user_name}")
        found = sorted(of_others)
        for name, ids in (await self._recorded_once(connection)).items():
            found += _exactly_once(name, times[name], ids)
        least = self.door.downloads
        if not least <= (downloads := times[REPORT_DOWNLOADED.name].total()) <= least + self.door.uncertain:
            found.append(f"{least} downloads, {downloads} on record")
        return found

    async def _recorded_once(self, connection: AsyncConnection) -> dict[str, set[str]]:
        imports = {str(key) for key in await connection.scalars(select(ObservationImport.id))}
        jobs = {str(key): status for key, status in await connection.execute(select(Job.id, Job.status))}
        reports = {str(key) for key in await connection.scalars(select(Report.id))}
        return {
            "observation_imports.created": imports,
            OBSERVATIONS_IMPORTED.name: imports,
            "import complete": imports,
            "jobs.created": set(jobs),
            "job succeeded": {key for key, status in jobs.items() if status is JobStatus.SUCCEEDED},
            "reports.created": reports,
            "report complete": reports,
        }

    async def _number_of_polls(self, connection: AsyncConnection) -> list[str]:
        there = await connection.scalar(select(func.count()).select_from(StoreObservation))
        wanted = sum(each.new.height for each in self.handed_in)
        return [] if there == wanted else [f"{wanted:,} polls were handed in, {there:,} are there"]

    async def _polls(self, connection: AsyncConnection) -> list[str]:
        query = select(Store.external_id, StoreObservation.observed_at, StoreObservation.seen).join_from(
            StoreObservation, Store, Store.site == StoreObservation.site
        )
        schema = {"store": pl.String, "instant": pl.Int64, "seen": pl.Int64}
        there = pl.DataFrame([tuple(row) for row in await connection.execute(query)], schema=schema, orient="row")
        seen = pl.when("up").then(1).otherwise(2).cast(pl.Int64)
        wanted = pl.concat([each.new for each in self.handed_in]).select("store", "instant", seen=seen)
        order = ["store", "instant"]
        if there.sort(order).equals(wanted.sort(order)):
            return []
        lost, strange = (
            wanted.join(there, on=wanted.columns, how="anti"),
            there.join(wanted, on=wanted.columns, how="anti"),
        )
        return [f"{lost.height:,} polls are lost, {strange.height:,} were never handed in"]


WATCHED = (
    "observation_imports.created", "observation_imports.updated", OBSERVATIONS_IMPORTED.name, "jobs.created",
    "jobs.updated", "reports.created", "reports.updated", REPORT_DOWNLOADED.name,
)  # fmt: skip
ENDED = {
    ("observation_imports.updated", "complete"): "import complete",
    ("jobs.updated", "succeeded"): "job succeeded",
    ("reports.updated", "complete"): "report complete",
}
ENDS = tuple(ENDED.values())


async def _keys(connection: AsyncConnection) -> dict[str, set[str]]:
    """Of every record of the audited tables."""
    return {
        audited.name: {"/".join(map(str, row)) for row in await connection.execute(select(*audited.key))}
        for audited in audited_tables(Base.metadata)
    }


async def _on_record(connection: AsyncConnection) -> dict[str, Counter[str]]:
    """By table and key: how much more often created than deleted, where that is not equally often."""
    signs = {"create": 1, "delete": -1}
    rows = await connection.execute(
        select(AuditEntry.table_name, AuditEntry.record_id, AuditEntry.action).where(
            AuditEntry.event.is_(None), AuditEntry.action.in_(signs)
        )
    )
    balance: dict[str, Counter[str]] = {table.name: Counter() for table in audited_tables(Base.metadata)}
    for table, record, action in rows:
        balance.setdefault(str(table), Counter())[str(record)] += signs[action]
    return {table: Counter({key: n for key, n in times.items() if n}) for table, times in balance.items()}


async def _records_and_trail(connection: AsyncConnection, before: dict[str, set[str]]) -> list[str]:
    """Of every audited table: what stands there was created once more than deleted, the rest equally often."""
    found: list[str] = []
    on_record = await _on_record(connection)
    for table, there in (await _keys(connection)).items():
        found += _exactly_once(f"{table}.created", on_record[table], there - before[table])
    return found


def _named(delivery: Delivery) -> str:
    return f"the delivery of group {delivery.group} on day {delivery.day}"


def _missing(what: str, wanted: set[str], there: Iterable[Any]) -> list[str]:
    return [f"{what} {key} is lost" for key in sorted(wanted - {str(key) for key in there})]


def _exactly_once(what: str, times: Counter[str], wanted: set[str]) -> Iterator[str]:
    for key in sorted(wanted | times.keys()):
        if times[key] != (1 if key in wanted else 0):
            yield f"{what} {key} is on record {times[key]} times"
