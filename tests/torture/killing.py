"""Server and workers are killed at random moments while imports and reports are under way."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.programs import Program
from tests.torture.trial import Trial, trial

VICTIMS = {"server": 4, "worker": 4, "both": 2}  # how often, in proportion
SPREAD = 0.5  # seconds in which a day's files are sent
WHOLE_EVERY = 10  # kills after which every single poll and record is compared


@dataclass
class Summary:
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    accepted: int = 0
    lost: int = 0
    reports: int = 0
    counts: dict[str, int] = field(default_factory=dict)


async def kill_at_random(
    url: str, folder: Path, kills: int, seed: int, tell: Callable[[str], None] = lambda _line: None
) -> Summary:
    """So many kills, each followed by a full account. Raises WentWrong."""
    rng = random.Random(seed)  # noqa: S311  not a secret
    begun = time.monotonic()
    summary = Summary()
    async with trial(url, folder, seed) as one:
        span = await _undisturbed(one)
        for number in range(kills):
            victim = rng.choices(list(VICTIMS), weights=list(VICTIMS.values()))[0]
            moment = rng.uniform(0, span)
            await _cycle(one, number + 2, victim, moment, whole=number % WHOLE_EVERY == 0 or number == kills - 1)
            summary.kills[victim] += 1
            tell(f"kill {number + 1} of {kills}: {victim} after {moment:.2f} s, all accounted for")
        summary.counts = await one.ledger.counts()
        summary.accepted = len(one.door.jobs) + len(one.door.reports)
        summary.lost, summary.reports = one.door.lost, len(one.reports)
    summary.seconds = time.monotonic() - begun
    return summary


async def _undisturbed(one: Trial) -> float:
    """Seconds that a day takes when nothing happens."""
    begun = time.monotonic()
    await _day(one, 1)
    seconds = time.monotonic() - begun
    await one.account(one.day(1))
    return seconds


async def _day(one: Trial, number: int) -> None:
    await asyncio.gather(one.hand_in(one.day(number), spread=SPREAD), one.make_reports(2))
    await one.settled()


async def _cycle(one: Trial, number: int, victim: str, moment: float, *, whole: bool) -> None:
    chosen: list[Program] = []
    chosen += [one.server] if victim in {"server", "both"} else []
    chosen += one.workers if victim in {"worker", "both"} else []

    async def kill() -> None:
        await asyncio.sleep(moment)
        for program in chosen:
            program.kill()
        for program in chosen:
            program.start()
        await one.server.ready()

    await asyncio.gather(_day(one, number), kill())
    await one.account(one.day(number), whole=whole)
