"""Those who hand in files, day after day, and those who ask for reports."""

import asyncio
from dataclasses import dataclass

from tests.torture.deliveries import delivery
from tests.torture.door import Door
from tests.torture.load.caller import Caller
from tests.torture.wrong import require

LOOK_EVERY = 0.2  # seconds between looks at a job
AHEAD = 3  # days that a group may be ahead of the slowest: reports look back ten
WAITING = "wait for a job"


@dataclass
class Importer:
    """days: delivered so far, by group; of all importers together"""

    caller: Caller
    seed: int
    group: int
    days: dict[int, int]
    book: Door

    async def act(self) -> None:
        """The next day's files, until they are imported: what a day repeats of its predecessor must be there."""
        if self.days[self.group] > min(self.days.values()) + AHEAD:
            await asyncio.sleep(LOOK_EVERY)
            return
        day = delivery(self.seed, self.days[self.group], self.group)
        self.book.sent[day.sha256] += 1
        files = {kind: (f"{kind}.csv", content) for kind, content in day.files.items()}
        answer, _ = await self.caller.ask("hand in files", "POST", "/api/v1/stores/imports", {202}, files=files)
        document = answer.json()
        self.book.imports.update(row["id"] for row in document["imports"])
        self.book.jobs.add(document["job_id"])
        await self._complete(f"/api/v1/jobs/{document['job_id']}")
        self.days[self.group] += 1

    async def _complete(self, path: str) -> None:
        while True:
            answer, _ = await self.caller.ask(WAITING, "GET", path, {200})
            if (status := answer.json()["status"]) not in {"queued", "running"}:
                require(status == "succeeded", f"{path}: {answer.text}")
                return
            await asyncio.sleep(LOOK_EVERY)


@dataclass
class Reporter:
    caller: Caller
    book: Door

    async def act(self) -> None:
        """A report of the stores, or the one that somebody else has just asked for."""
        answer, _ = await self.caller.ask("ask for a report", "POST", "/trigger_report", {200, 409})
        report_id = str(answer.json()["report_id"])
        self.book.reports.add(report_id)
        while True:
            answer, _ = await self.caller.ask(WAITING, "GET", f"/get_report/{report_id}/", {200})
            if (status := answer.json()["status"]) != "Running":
                break
            await asyncio.sleep(LOOK_EVERY)
        require(status == "Complete", f"report {report_id}: {answer.text}")
        answer, lost = await self.caller.ask("download", "GET", f"/download_report/{report_id}/", {200})
        require(answer.content.startswith(b"store_id,"), f"report {report_id} is {answer.content[:80]!r}")
        self.book.downloads += 1
        self.book.uncertain += lost
