"""An app from outside, for the browser tests: reports that wait, fail and succeed when a test wants it.

It comes in as any app does: a distribution with an entry point (`stage_app-1.0.dist-info` beside this folder).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import polars as pl
from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from opsroom.core.actor import Actor
from opsroom.core.app import App, Page
from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.reports.declaration import ReportTable, ReportType

app = App(
    name="stage",
    title="Stage",
    pages=("stage_app:router",),
    reports="stage_app:report_types",
    templates="stage_app",
    rail=(Page("Stage", "/console/stage", "console.read", icon="chart"),),
)
router = APIRouter(include_in_schema=False)


class Shade(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class TableParameters(BaseModel):
    rows: int = Field(60, ge=1, le=100_000, description="how many rows")
    shade: Shade | None = None
    since: AwareDatetime | None = Field(None, description="not before")
    whole: bool = Field(False, description="whole numbers only")


@router.get("/console/stage", name="stage_page")
async def stage(request: Request, actor: Annotated[Actor, allow("console.read")]) -> Response:
    return render(request, "stage/hello.html", who=actor.name, at=datetime(2026, 3, 29, 0, 30, tzinfo=UTC))


def report_types(parts: Parts) -> list[ReportType[TableParameters] | ReportType[NoPayload]]:
    gate = Path(parts.options["data_dir"]) / "gate"
    return [
        ReportType("stage.table", "Which numbers are there?", TableParameters, _table, "reports.read"),
        ReportType(
            "stage.gated", "What is behind the gate?", NoPayload, _gated(gate.exists), "reports.read", exclusive=True
        ),
        ReportType("stage.broken", "What fails always?", NoPayload, _broken, "reports.read"),
    ]


async def _table(parameters: TableParameters, _run: Run) -> ReportTable:
    count = range(parameters.rows)
    digits = 0 if parameters.whole else 2
    numbers = [round(each * 0.37, digits) for each in count]
    frame = pl.DataFrame({"site_id": [f"site {each}" for each in count], "hours": numbers})
    return ReportTable(frame, datetime(2026, 11, 1, tzinfo=UTC), "0" * 64, "1.0", {"sites": parameters.rows})


def _gated(is_open: Callable[[], bool]) -> Callable[[NoPayload, Run], Awaitable[ReportTable]]:
    async def wait(_parameters: NoPayload, run: Run) -> ReportTable:
        while not is_open():
            await run.progress(0.4, "waiting at the gate")
            await asyncio.sleep(0.1)
        return await _table(TableParameters(rows=3), run)

    return wait


async def _broken(_parameters: NoPayload, _run: Run) -> ReportTable:
    raise Permanent("The stage has no floor here.")
