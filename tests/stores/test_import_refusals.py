"""Files that cannot be read as a whole: nothing changes, and a sentence names the file by its own name."""

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.stores.conftest import HOURS, STATUS, ZONES, HandIn, Rows, Work, post_files

from opsroom.core.jobs.runtime import Runtime
from opsroom.main import create_app
from opsroom.settings import Settings

MANY = "store_id,status,timestamp_utc\n" + "a,active,2023-01-25 17:00:00 UTC\n" * 2_000
REFUSED: dict[str, tuple[str, bytes]] = {
    "no column for": ("polls.csv", b"store_id,status\na,active\n"),
    "semicolons": ("polls.csv", b"store_id;status;timestamp_utc\na;active;2023-01-25 17:00:00 UTC\n"),
    "polls.csv is empty": ("polls.csv", b""),
    "polls.csv.gz is empty": ("polls.csv.gz", gzip.compress(b"")),
    "damaged or cut off": ("polls.csv.gz", gzip.compress(MANY.encode())[:-20]),
    "Excel": ("polls.xlsx", b"PK\x03\x04 and so on"),
    "NUL": ("polls.bin", bytes(range(256)) * 10),
}


@pytest.mark.parametrize("sentence", REFUSED)
async def test_a_file_that_cannot_be_read_fails_the_import_with_a_sentence(
    hand_in: HandIn, rows: Rows, app: FastAPI, sentence: str
) -> None:
    name, body = REFUSED[sentence]
    done = await hand_in(status=(name, body), hours=HOURS, zones=ZONES)
    assert {row["status"] for row in done.values()} == {"failed"}
    assert sentence in done["status"]["error"]
    assert name in done["status"]["error"]
    assert str(app.state.blobs.scratch) not in done["status"]["error"]
    assert await rows("SELECT count(*) FROM stores") == [(0,)]
    assert await rows("SELECT status, attempt, error FROM jobs WHERE type = 'stores.import'") == [
        ("failed", 1, done["status"]["error"])
    ]


async def test_a_name_with_a_path_is_kept_as_a_name(hand_in: HandIn) -> None:
    done = await hand_in(status=("../../etc/passwd", b""))
    assert done["status"]["file_name"] == "passwd"


async def test_more_rejected_rows_than_allowed_fail_the_import(
    settings: Settings, app: FastAPI, manager: httpx.AsyncClient, rows: Rows
) -> None:
    """The limit is a share of each file: 1 of 4 rows is 25 %."""
    await post_files(manager, status=STATUS + "c,perhaps,2023-01-25 17:00:00 UTC\n", zones=ZONES)
    strict = create_app(settings.model_copy(update={"max_rejected_percent": 24.9}), work=False)
    try:
        await Runtime(strict.state.database, strict.state.queue, strict.state.metrics).run_until_idle()
    finally:
        await strict.state.database.close()
    assert await rows("SELECT DISTINCT status, error FROM observation_imports") == [
        ("failed", "my_status.csv: 1 of 4 rows were rejected, more than the 24.9 % allowed; nothing was imported.")
    ]
    assert await rows("SELECT count(*) FROM stores") == [(0,)]


async def test_a_share_at_the_limit_is_imported(
    settings: Settings, app: FastAPI, manager: httpx.AsyncClient, rows: Rows
) -> None:
    await post_files(manager, status=STATUS + "c,perhaps,2023-01-25 17:00:00 UTC\n")
    lenient = create_app(settings.model_copy(update={"max_rejected_percent": 25.0}), work=False)
    try:
        await Runtime(lenient.state.database, lenient.state.queue, lenient.state.metrics).run_until_idle()
    finally:
        await lenient.state.database.close()
    assert await rows("SELECT status, rows_added FROM observation_imports") == [("complete", 3)]


async def test_what_is_no_request_for_an_import_is_refused_at_once(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, nobody: httpx.AsyncClient,
    problem_of: Callable[[httpx.Response, int], dict[str, Any]], rows: Rows,
) -> None:  # fmt: skip
    assert problem_of(await manager.post("/api/v1/stores/imports"), 422)["field"] == "status"
    wrong = await post_files(manager, '{"status": "shop"}', status=STATUS)
    assert problem_of(wrong, 422)["field"] == "mapping"
    problem_of(await post_files(user, status=STATUS), 403)
    problem_of(await post_files(nobody, status=STATUS), 401)
    assert await rows("SELECT count(*) FROM jobs WHERE type = 'stores.import'") == [(0,)]


async def test_a_mapping_that_names_a_column_which_is_not_there_fails_the_import(hand_in: HandIn, work: Work) -> None:
    done = await hand_in('{"status": {"store_id": "shop"}}', status=STATUS)
    assert done["status"]["status"] == "failed"
    assert "'shop'" in done["status"]["error"]
