"""The disk fills: while a file arrives, then while its rows are parsed, then while they are written."""

import asyncio
import gzip
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from tests.torture.databases import own_postgres, scratch
from tests.torture.door import PROBLEM
from tests.torture.programs import LONGEST, LOOK_EVERY
from tests.torture.small_disk import MEGABYTE, SmallDisk, small_disk
from tests.torture.trial import Trial, trial
from tests.torture.wrong import WentWrong, require

from opsroom.core.jobs.models import Job, JobStatus
from opsroom.stores.imports import JOB as IMPORT
from opsroom.stores.models import ImportStatus, ObservationImport, StoreObservation

SIZES = {"sqlite": 48, "postgresql": 128}  # megabytes
FILES = 48
POLLS = 5760  # of a store a day: 115,200 rows, 4.4 MB as a plain file, 1.5 MB while they wait, 1.7 MB in the database


@dataclass(frozen=True, slots=True)
class Disks:
    """database: under SQLite's file, or under a tablespace of PostgreSQL"""

    files: SmallDisk
    database: SmallDisk


@contextmanager
def on_small_disks(engine: str, folder: Path) -> Iterator[tuple[str, Disks]]:
    """A migrated database, and the disks."""
    with small_disk(SIZES[engine]) as disk, small_disk(FILES) as files:
        if engine == "sqlite":
            with scratch(engine, disk.folder, "") as url:
                yield url, Disks(files, disk)
            return
        with own_postgres() as server:
            space = disk.folder / "tablespace"
            space.mkdir()
            os.chown(space, server.owner, -1)
            server.run(f"CREATE TABLESPACE small LOCATION '{space}'")
            with scratch(engine, folder, server.url, "TABLESPACE small") as url:
                yield url, Disks(files, disk)


async def disk_full(url: str, disks: Disks, folder: Path, seed: int) -> str:
    """Each time a clear error and nothing half written; with room again, the job is done and others follow."""
    data = disks.files.folder / "data"
    settings = {"OPSROOM_DATA_DIR": str(data), "TMPDIR": str(disks.files.folder)}
    async with trial(url, folder, seed, settings, workers=0, groups=1, polls=POLLS) as one:
        (plain,) = one.day(1)
        packed = replace(plain, files={"status": gzip.compress(plain.files["status"])})
        before = await _polls(one)

        disks.files.leave(MEGABYTE)
        await _refuses(one, plain.files["status"])
        # It is there twice for a moment: as it arrives, and under its hash.
        disks.files.leave(2 * len(packed.files["status"]) + MEGABYTE // 2)
        await one.door.hand_in(packed)
        told = [await _failed(one)]
        require(await _polls(one) == before, "an import that failed has left polls")

        disks.files.empty()
        _shorten_log(url)
        disks.database.leave(MEGABYTE)
        await _try_again(one)
        told.append((await one.server.hears("The disk of the database is full"))[0])
        require(await _polls(one) == before, "an import that failed has left polls")

        disks.database.empty()
        await _done_at_last(one)
        await one.account([packed], whole=True)
        left = [path.name for path in (data / "arriving").iterdir()]
        require(not left, f"left behind: {left}")
        return "; ".join(told)


def _shorten_log(url: str) -> None:
    """SQLite writes into its log where earlier transactions stood, as long as that has room."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _refuses(one: Trial, content: bytes) -> None:
    answer = await one.door.ask("POST", "/api/v1/stores/imports", files={"status": ("status.csv", content)})
    told = f"a file for which there is no room: {answer.status_code} {answer.text}"
    require(answer.status_code == 503 and answer.headers["content-type"] == PROBLEM, told)
    require(answer.json()["code"] == "disk_full", told)
    read = await one.door.ask("GET", "/api/v1/stores")
    require(read.status_code == 200, f"reading on a full disk: {read.text}")


async def _failed(one: Trial) -> str:
    """The sentence with which the latest import failed, on its job and on its row."""
    await one.settled()
    async with one.ledger.database.reading() as connection:
        row = (await connection.execute(_latest_job())).one()
        imported = (await connection.execute(select(ObservationImport).where(ObservationImport.job_id == row.id))).one()
    told = f"import on a full disk: {row.status.value} {row.error!r}, {imported.status.value} {imported.error!r}"
    require(row.status is JobStatus.FAILED and imported.status is ImportStatus.FAILED, told)
    require("full" in row.error and imported.error == row.error, told)
    return str(row.error)


async def _try_again(one: Trial) -> None:
    async with one.ledger.database.reading() as connection:
        job_id = (await connection.execute(_latest_job())).one().id
    answer = await one.door.ask("POST", f"/api/v1/jobs/{job_id}/retry")
    require(answer.status_code in {204, 409}, f"trying again: {answer.text}")


async def _done_at_last(one: Trial) -> None:
    """It goes on by itself, unless its last attempt had failed already."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        async with one.ledger.database.reading() as connection:
            row = (await connection.execute(_latest_job())).one()
        if row.status is JobStatus.SUCCEEDED:
            return
        if row.status is JobStatus.FAILED:
            await _try_again(one)
        await asyncio.sleep(LOOK_EVERY)
    raise WentWrong(f"with room again, the import is {row.status.value}: {row.error}")


def _latest_job() -> Select[Any, Any, Any]:
    return select(Job.id, Job.status, Job.error).where(Job.type == IMPORT).order_by(Job.id.desc()).limit(1)


async def _polls(one: Trial) -> int:
    async with one.ledger.database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(StoreObservation)) or 0
