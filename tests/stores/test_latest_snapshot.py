"""Everything up to the newest poll of all is read alike, whoever has it and however far it is from all others."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from tests.stores.conftest import HandIn, Rows

from opsroom.stores.archive.history import History
from opsroom.stores.reports import _span_up_to
from opsroom.stores.snapshot import ASKED, LATEST, read_latest_snapshot, read_snapshot

STORES = 150
BEGAN = datetime(2024, 3, 1, tzinfo=UTC)


def status(polls: list[tuple[str, datetime]]) -> str:
    lines = [
        f"{store},{'active' if at.minute % 2 else 'inactive'},{at:%Y-%m-%d %H:%M:%S.%f} UTC" for store, at in polls
    ]
    return "\n".join(["store_id,status,timestamp_utc", *lines, ""])


@pytest.mark.parametrize("later", [timedelta(), timedelta(hours=1), timedelta(days=6), timedelta(days=40)])
async def test_the_newest_poll_may_be_of_a_store_that_nobody_asked_about(
    hand_in: HandIn, rows: Rows, app: FastAPI, later: timedelta
) -> None:
    every = timedelta(hours=7, minutes=13)
    polls = [(f"s{n}", BEGAN + every * k + timedelta(seconds=n)) for n in range(STORES) for k in range(30)]
    await hand_in(status=status(polls))
    (highest,) = (await rows("SELECT max(site) FROM stores"))[0]
    asked = {1 + number * highest // ASKED for number in range(ASKED)}
    of_sites = await rows("SELECT site, external_id FROM stores ORDER BY site")
    stranger = next(str(name) for site, name in of_sites if site not in asked)
    newest = max(at for _, at in polls) + later
    await hand_in(status=status([(stranger, newest)]))

    history = History(app.state.database, app.state.blobs)
    found = await asyncio.to_thread(read_latest_snapshot, history, _span_up_to)
    (latest,) = (await rows(LATEST))[0]
    expected = await asyncio.to_thread(read_snapshot, history, _span_up_to(latest))
    assert found is not None
    assert found.span.as_of == latest == (newest - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert found.observations.height >= 1
    assert found.fingerprint() == expected.fingerprint()


async def test_without_any_poll_there_is_nothing(hand_in: HandIn, app: FastAPI) -> None:
    history = History(app.state.database, app.state.blobs)
    assert await asyncio.to_thread(read_latest_snapshot, history, _span_up_to) is None
    await hand_in(zones="store_id,timezone_str\na,America/New_York\n")
    assert await asyncio.to_thread(read_latest_snapshot, history, _span_up_to) is None
