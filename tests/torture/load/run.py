"""The load: servers and workers in the shape of production, many connections, and an account of it all afterwards."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.redis_server import Redis
from tests.torture.deliveries import delivery
from tests.torture.door import Door
from tests.torture.ledger import Ledger
from tests.torture.load.account import account_for
from tests.torture.load.caller import Caller
from tests.torture.load.clerk import Clerk
from tests.torture.load.disturbing import House, disturb
from tests.torture.load.front import Front
from tests.torture.load.handing_in import Importer, Reporter
from tests.torture.load.seen import Seen
from tests.torture.programs import Program, Server, succeeds
from tests.torture.reference import Reference
from tests.torture.trial import environment_for

from opsroom.core.db.engine import Database
from opsroom.seed import seed_users

SERVERS, WORKERS = 2, 2
IMPORTERS, REPORTERS = 4, 3
LEASE = "5"  # seconds; the default would have jobs of killed workers wait for half a minute


@dataclass(frozen=True, slots=True)
class Load:
    connections: int = 64
    seconds: float = 300.0
    seed: int = 1
    stop_redis: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    seen: Seen
    seconds: float
    told: list[str]
    counts: dict[str, int]


class Person(Protocol):
    async def act(self) -> None: ...


async def run_load(url: str, redis: Redis, folder: Path, load: Load) -> Outcome:
    """On a migrated, empty database of PostgreSQL. Raises WentWrong, alone or in a group."""
    database, seen = Database(url), Seen()
    environment = _environment(url, redis, folder)
    ledger = Ledger(database, Door(Server(environment, folder / "none.log")), "admin")
    await ledger.begin()
    async with database.transaction() as session:
        password = {new.username: new.password for new in await seed_users(session)}["admin"]
    try:
        async with _running(environment, folder, redis) as house, AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(Caller(n, house.front, seen)) for n in range(load.connections)]
            await _sign_in(callers, password)
            people, clerks, days = _people(callers, load, ledger.door)
            await asyncio.gather(*(person.act() for person in people[:IMPORTERS]))  # reports tell of something
            begun = time.monotonic()
            await _work(people, house, load)
            seconds = time.monotonic() - begun
            handed_in = [delivery(load.seed, day, group) for group, end in days.items() for day in range(end)]
            ledger.expect(handed_in)
            await ledger.settle()
            reference = Reference(folder)
            reference.settle(handed_in)
            await account_for(ledger, clerks, callers[0], reference)
            for command in ("reconcile", "verify"):
                await succeeds(environment, "audit", command)
            return Outcome(seen, seconds, house.told, await ledger.counts() | _counts(clerks))
    finally:
        await database.close()


@asynccontextmanager
async def _running(environment: Mapping[str, str], folder: Path, redis: Redis) -> AsyncIterator[House]:
    servers = [Server(environment, folder / f"server_{number}.log") for number in range(SERVERS)]
    workers = [Program("worker", environment, folder / f"worker_{number}.log") for number in range(WORKERS)]
    try:
        for program in (*servers, *workers):
            program.start()
        for server in servers:
            await server.ready()
        yield House(Front(servers), workers, redis)
    finally:
        for program in (*servers, *workers):
            program.kill()


async def _sign_in(callers: list[Caller], password: str) -> None:
    form = {"username": "admin", "password": password}
    answer, _ = await callers[0].ask("sign in", "POST", "/api/v1/auth/token", {200}, data=form)
    for caller in callers:
        caller.carry(answer.json()["access_token"])


def _people(callers: list[Caller], load: Load, book: Door) -> tuple[list[Person], list[Clerk], dict[int, int]]:
    """Each has a connection; most are clerks."""
    days = dict.fromkeys(range(IMPORTERS), 0)
    importers = [Importer(callers[group], load.seed, group, days, book) for group in days]
    rest = callers[IMPORTERS:]
    reporters = [Reporter(caller, book) for caller in rest[:REPORTERS]]
    clerks = [
        Clerk(caller, random.Random(f"{load.seed} {caller.number}"))  # noqa: S311  not a secret
        for caller in rest[REPORTERS:]
    ]
    return [*importers, *reporters, *clerks], clerks, days


async def _work(people: list[Person], house: House, load: Load) -> None:
    end = time.monotonic() + load.seconds

    async def busy(person: Person) -> None:
        while time.monotonic() < end:
            await person.act()

    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(busy(person))
        group.create_task(disturb(house, load.seconds, stop_redis=load.stop_redis))


def _counts(clerks: list[Clerk]) -> dict[str, int]:
    return {"changes": sum(clerk.changes for clerk in clerks), "records": sum(len(clerk.kept) for clerk in clerks)}


def _environment(url: str, redis: Redis, folder: Path) -> dict[str, str]:
    """Production, but for limits that one address with sixty-four people would meet; Redis counts them all."""
    unreachable = "1000000/minute"
    return environment_for(url, folder) | {
        "OPSROOM_ENVIRONMENT": "production",
        "OPSROOM_REDIS_URL": redis.url,
        "OPSROOM_SERVE_JOBS": "false",
        "OPSROOM_JOB_LEASE_SECONDS": LEASE,
        "OPSROOM_RATE_LIMIT": unreachable,
        "OPSROOM_ADDRESS_RATE_LIMIT": unreachable,
        "OPSROOM_SIGN_IN_RATE_LIMIT": unreachable,
    }
