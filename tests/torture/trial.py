"""One scratch database with the whole product on it: a server, workers, a client and a ledger."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.conftest import SECRET
from tests.torture.deliveries import POLLS, Delivery, delivery
from tests.torture.door import Door
from tests.torture.ledger import Ledger
from tests.torture.programs import Program, Server
from tests.torture.reference import Reference
from tests.torture.wrong import WentWrong, require

from opsroom.apps import installed_apps
from opsroom.core.app import resolve
from opsroom.core.db.engine import Database
from opsroom.seed import seed_users

LEASE = 3.0  # seconds
GROUPS = 5  # of stores: so many imports are in flight at once
REPORT_EVERY = 0.2  # seconds between looks at a report

for app in installed_apps():
    if app.models:
        resolve(app.models)


@dataclass
class Trial:
    """polls: of a store a day
    reports: which have been compared
    """

    seed: int
    groups: int
    polls: int
    server: Server
    workers: list[Program]
    door: Door
    ledger: Ledger
    reference: Reference
    reports: set[str]

    async def start(self) -> None:
        for program in (self.server, *self.workers):
            program.start()
        await self.server.ready()

    def day(self, number: int) -> list[Delivery]:
        return [delivery(self.seed, number, group, polls=self.polls) for group in range(self.groups)]

    async def hand_in(self, deliveries: Sequence[Delivery], *, spread: float = 0.0) -> None:
        """All of them, over so many seconds."""
        rng = random.Random(f"{self.seed} {deliveries[0].day} spread")  # noqa: S311  not a secret

        async def later(each: Delivery) -> None:
            await asyncio.sleep(rng.uniform(0, spread))
            await self.door.hand_in(each)

        await asyncio.gather(*(later(each) for each in deliveries))

    async def make_reports(self, count: int) -> None:
        """One after the other, each until it is complete."""
        for _ in range(count):
            report_id = await self.door.trigger_report()
            while (state := await self.door.state_of_report(report_id))["status"] == "Running":  # noqa: ASYNC110  another process makes it
                await asyncio.sleep(REPORT_EVERY)
            require(state["status"] == "Complete", f"report {report_id}: {state}")

    async def settled(self) -> None:
        """Wait until every job that was asked for has ended."""
        await self.ledger.settle()

    async def account(self, deliveries: Sequence[Delivery], *, whole: bool = False) -> None:
        """These are to be there now, once, and the reports made meanwhile must tell of them whole or not at all."""
        self.ledger.expect(deliveries)
        await self.ledger.check(whole=whole)
        for report_id, as_of in (await self.ledger.reports_but(self.reports)).items():
            content = await self.door.report(report_id)
            if all(content != one for one in self.reference.possible(deliveries, as_of)):
                raise WentWrong(f"report {report_id} is not what the bare files give, with any of the imports")
            self.reports.add(report_id)
        self.reference.settle(deliveries)
        health = (await self.door.ask("GET", "/api/health")).json()
        require(health["status"] == "ok" and not health["audit_gaps"], f"health: {health}")


@asynccontextmanager
async def trial(
    url: str,
    folder: Path,
    seed: int,
    environment: Mapping[str, str] = MappingProxyType({}),
    *,
    workers: int = 1,
    groups: int = GROUPS,
    polls: int = POLLS,
) -> AsyncIterator[Trial]:
    """On a migrated, empty database; everything runs, somebody is signed in, the first day is imported."""
    environment = {**environment_for(url, folder), **environment}
    server = Server(environment, folder / "server.log")
    staff = [Program("worker", environment, folder / f"worker_{number}.log") for number in range(workers)]
    database = Database(url)
    try:
        ledger = Ledger(database, Door(server), "admin")
        await ledger.begin()
        async with database.transaction() as session:
            people = {new.username: new.password for new in await seed_users(session)}
        async with ledger.door as door:
            one = Trial(seed, groups, polls, server, staff, door, ledger, Reference(folder), set())
            await one.start()
            await door.sign_in("admin", people["admin"])
            await one.hand_in(one.day(0))
            await one.settled()
            await one.account(one.day(0))
            yield one
    finally:
        for program in (server, *staff):
            program.kill()
        await database.close()


def environment_for(url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "OPSROOM_ENVIRONMENT": "test",
        "OPSROOM_DATABASE_URL": url,
        "OPSROOM_DATA_DIR": str(folder / "data"),
        "OPSROOM_SECRET_KEY": SECRET,
        "OPSROOM_JOB_LEASE_SECONDS": str(LEASE),
        "OPSROOM_ACCESS_TOKEN_MINUTES": "1440",
        "OPSROOM_RATE_LIMIT": "none",
        "OPSROOM_ADDRESS_RATE_LIMIT": "none",
        "OPSROOM_SIGN_IN_RATE_LIMIT": "none",
    }
