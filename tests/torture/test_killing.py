"""A few kills at random moments on each database; `make torture` does a hundred."""

from pathlib import Path

import pytest
from tests.torture.killing import kill_at_random

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 3


async def test_after_each_kill_everything_accepted_is_complete_once(database_url: str, tmp_path: Path) -> None:
    summary = await kill_at_random(database_url, tmp_path, KILLS, seed=2)
    assert summary.kills.total() == KILLS
    assert summary.counts["jobs"] >= summary.accepted > 0
