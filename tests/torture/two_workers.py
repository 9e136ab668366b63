"""A server and two workers that ask for the same jobs."""

from pathlib import Path

from tests.torture.trial import trial
from tests.torture.wrong import require

GROUPS = 16
LEASE = "60"  # seconds; nobody is killed here


async def two_workers(url: str, folder: Path, seed: int) -> str:
    """Each job is claimed once, by one of them."""
    async with trial(url, folder, seed, {"OPSROOM_JOB_LEASE_SECONDS": LEASE}, workers=2, groups=GROUPS) as one:
        await one.hand_in(one.day(1))
        await one.settled()
        await one.account(one.day(1), whole=True)
        counts = await one.ledger.counts()
        require(counts["attempts"] == counts["jobs"], f"{counts['jobs']} jobs were claimed {counts['attempts']} times")
        return f"{counts['jobs']} jobs, {counts['attempts']} claims"
