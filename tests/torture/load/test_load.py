"""A short load on the shape of production; `make load` takes five minutes."""

from pathlib import Path

import pytest
from tests.redis_server import running_redis
from tests.torture.load.run import Load, run_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nothing_accepted_is_lost_when_servers_workers_and_redis_go_away(
    database_url: str, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as redis:
        outcome = await run_load(database_url, redis, tmp_path, Load(connections=24, seconds=10.0, seed=3))
    assert "server 0 killed" in outcome.told
    assert "Redis stopped" in outcome.told
    assert outcome.seen.statuses.keys() <= {200, 201, 202, 204, 404, 409, 412}
    assert outcome.counts["changes"] > 0
    assert outcome.counts["polls"] > 0
