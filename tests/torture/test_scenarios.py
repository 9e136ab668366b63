"""Full disks, databases that go away, several workers, one that stands still: as `make torture`, with short outages."""

from pathlib import Path

import pytest
from tests.conftest import DATABASES
from tests.torture.scenarios import SCENARIOS
from tests.torture.small_disk import NotPermitted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SECONDS = 3.0


@pytest.mark.parametrize("engine", DATABASES)
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_or_doubled_in_the_scenario(name: str, engine: str, tmp_path: Path, postgres_url: str) -> None:
    try:
        assert SCENARIOS[name](engine, tmp_path, postgres_url, 5, SECONDS)
    except NotPermitted as missing:
        pytest.skip(str(missing))
