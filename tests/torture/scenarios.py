"""What may happen to the house besides being killed, each on a scratch database of its own."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.torture.backing_up import backup_under_load
from tests.torture.database_gone import database_gone, database_held
from tests.torture.databases import own_postgres, scratch, untouched
from tests.torture.disk_full import disk_full, on_small_disks
from tests.torture.paused_worker import paused_worker
from tests.torture.two_workers import two_workers
from tests.torture.upgrade import upgrade_in_flight

# Takes the engine, a folder, the server for scratch databases, the seed and the seconds of an outage; says what it saw.
Scenario = Callable[[str, Path, str, int, float], str]


def _two_workers(engine: str, folder: Path, server: str, seed: int, _seconds: float) -> str:
    with scratch(engine, folder, server) as url:
        return asyncio.run(two_workers(url, folder, seed))


def _paused_worker(engine: str, folder: Path, server: str, seed: int, _seconds: float) -> str:
    with scratch(engine, folder, server) as url:
        return asyncio.run(paused_worker(url, folder, seed))


def _database_gone(engine: str, folder: Path, server: str, seed: int, seconds: float) -> str:
    if engine == "sqlite":
        with scratch(engine, folder, server) as url:
            return asyncio.run(database_held(url, folder, seed, seconds))
    with own_postgres() as own, scratch(engine, folder, own.url) as url:
        return asyncio.run(database_gone(url, own, folder, seed, seconds))


def _disk_full(engine: str, folder: Path, _server: str, seed: int, _seconds: float) -> str:
    with on_small_disks(engine, folder) as (url, disks):
        return asyncio.run(disk_full(url, disks, folder, seed))


def _upgrade(engine: str, folder: Path, server: str, seed: int, _seconds: float) -> str:
    with scratch(engine, folder, server) as url:
        return asyncio.run(upgrade_in_flight(url, folder, seed))


def _backup(engine: str, folder: Path, server: str, seed: int, _seconds: float) -> str:
    fresh = folder / "fresh"
    fresh.mkdir()
    with scratch(engine, folder, server) as url, untouched(engine, fresh, server) as fresh_url:
        return asyncio.run(backup_under_load(url, fresh_url, folder, seed))


SCENARIOS: dict[str, Scenario] = {
    "two workers": _two_workers,
    "paused worker": _paused_worker,
    "database gone": _database_gone,
    "disk full": _disk_full,
    "upgrade in flight": _upgrade,
    "backup under load": _backup,
}
