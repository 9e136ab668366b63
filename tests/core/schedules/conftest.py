"""A mail server of its own process, and a report type to send."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from tests.core.console.conftest import browser, lead  # noqa: F401  fixtures

from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.settings import Settings

TYPE = "tests.sent"


class Server:
    """Prints its port, then a line of JSON for each letter it took."""

    def __init__(self, *answers: str) -> None:
        program = Path(__file__).with_name("mail_server.py")
        self._process = subprocess.Popen([sys.executable, program, *answers], stdout=subprocess.PIPE, text=True)
        self.port = int(self._line())

    def letter(self) -> dict[str, Any]:
        """The next one; waits for it."""
        found: dict[str, Any] = json.loads(self._line())
        return found

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


StartServer = Callable[..., Server]


@pytest.fixture
def mail_answers() -> tuple[str, ...]:
    """What the server says to the first, second, … letter; the last for ever. Overridden by parametrize."""
    return ("250 OK",)


@pytest.fixture
def mail_server(mail_answers: tuple[str, ...]) -> Iterator[Server]:
    server = Server(*mail_answers)
    yield server
    server.stop()


@pytest.fixture
def settings(settings: Settings, mail_server: Server) -> Settings:
    given = {"smtp_url": f"smtp://127.0.0.1:{mail_server.port}", "public_url": "https://ops.example/"}
    return Settings.model_validate({**dict(settings), **given})


class Parameters(BaseModel):
    trouble: str = ""


async def compute(parameters: Parameters, _run: Run) -> ReportTable:
    if parameters.trouble:
        raise Permanent(parameters.trouble)
    frame = pl.DataFrame({"site": ["A", "B"], "hours": [1.5, 2.0]})
    return ReportTable(frame, datetime(2026, 3, 2, tzinfo=UTC), "f" * 64, "1.0")


@pytest.fixture(autouse=True)
def declared(app: FastAPI) -> None:
    app.state.reports.types[TYPE] = ReportType(
        name=TYPE, title="Trial", parameters=Parameters, compute=compute, permission="stores.reports.read"
    )


@pytest.fixture
def wanted() -> dict[str, Any]:
    """Mondays at seven in Rome, for one recipient."""
    return {
        "name": "Week of the sites",
        "type": TYPE,
        "format": "csv",
        "start_local": "2026-11-02T07:00:00",
        "recurrence": "FREQ=WEEKLY;BYDAY=MO",
        "zone": "Europe/Rome",
        "recipients": ["lead@example.com"],
    }
