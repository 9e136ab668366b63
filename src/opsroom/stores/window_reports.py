"""Report types over any window: availability of stores, incidents, data quality."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import polars as pl
from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field

from opsroom import __version__
from opsroom.core.errors import Refusal, Unavailable
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.core.reports.document import Column, Document
from opsroom.stores.account_tables import availability_table, incident_table, quality_table
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import AskedWindow, instant
from opsroom.stores.fleet import FleetAccount, account, snapshot_of
from opsroom.stores.options import options_from
from opsroom.stores.report_documents import (
    INCIDENT_COLUMNS,
    Told,
    availability_document,
    incidents_document,
    quality_document,
)
from opsroom.stores.selection import Selection
from opsroom.stores.snapshot import Snapshot

Table = Callable[[FleetAccount, Snapshot], pl.DataFrame]
Words = Callable[[str, Told, pl.DataFrame], Document]


@dataclass(frozen=True, slots=True)
class WindowType:
    """A report over any window: its rows, and what it says to people."""

    name: str
    title: str
    table: Table
    document: Words
    columns: Sequence[Column] = ()


AVAILABILITY = "stores.availability"
INCIDENTS = "stores.incidents"
QUALITY = "stores.data_quality"


class WindowParameters(BaseModel):
    """Without any of the first four: the seven days before the latest poll."""

    model_config = ConfigDict(populate_by_name=True)

    start: AwareDatetime | None = Field(None, validation_alias=AliasChoices("start", "from"), description="with `end`")
    end: AwareDatetime | None = Field(None, validation_alias=AliasChoices("end", "to"), description="not included")
    window: str | None = Field(None, description="such as last_24h, last_7d, last_4w: before the latest poll")
    period: Literal["day", "week", "month"] | None = Field(None, description="a calendar period, with `of`")
    of: str | None = Field(None, description="which one, such as 2026-10-25, 2026-W43 or 2026-10")
    zone: str | None = Field(None, description="whose calendar; none takes the default zone")
    as_of: AwareDatetime | None = Field(None, description="look at polls up to here; default: all")
    store: str | None = Field(None, description="one store only")
    group: str | None = Field(None, description="stores of this group only")
    tag: list[str] = Field(default_factory=list, description="stores with all of these tags, each name:value")

    def asked(self) -> AskedWindow:
        return AskedWindow(self.start, self.end, self.window, self.period, self.of, self.zone, self.as_of)

    def selection(self) -> Selection:
        return Selection(self.store, self.group, tuple(self.tag))


def window_report_types(parts: Parts) -> list[ReportType[WindowParameters]]:
    return [
        ReportType(
            name=each.name,
            title=each.title,
            parameters=WindowParameters,
            compute=WindowReport(parts, each).compute,
            permission="stores.reports.read",
        )
        for each in WINDOW_TYPES
    ]


WINDOW_TYPES = (
    WindowType(
        AVAILABILITY,
        "How available was each store in this time?",
        lambda found, _: availability_table(found),
        availability_document,
    ),
    WindowType(
        INCIDENTS,
        "What happened: which stores were down, when and how long?",
        lambda found, _: incident_table(found),
        incidents_document,
        INCIDENT_COLUMNS,
    ),
    WindowType(
        QUALITY,
        "How far can the numbers be trusted?",
        lambda found, of: quality_table(found, of.stores, of.hours),
        quality_document,
    ),
)


class WindowReport:
    def __init__(self, parts: Parts, kind: WindowType) -> None:
        self._history = History(parts.database, parts.blobs)
        self._options = options_from(parts.options)
        self._kind = kind

    async def compute(self, parameters: WindowParameters, run: Run) -> ReportTable:
        await run.progress(0.1, "reading observations")
        try:
            window, snapshot = await snapshot_of(
                self._history, self._options, parameters.asked(), parameters.selection()
            )
        except Unavailable:
            raise  # the store of files may answer again
        except Refusal as refusal:
            raise Permanent(refusal.sentence) from refusal
        await run.progress(0.5, f"accounting for {snapshot.stores.height:,} stores")
        options = self._options
        found = await asyncio.to_thread(account, snapshot, window, options.strict, options.default_zone)
        frame = await asyncio.to_thread(self._kind.table, found, snapshot)
        told = Told(found, snapshot, options.strict, options.default_zone)
        return ReportTable(
            frame=frame,
            as_of=instant(window.end),
            fingerprint=found.fingerprint,
            engine_version=__version__,
            summary={
                "window": {"name": window.name, "start": _iso(window.start), "end": _iso(window.end)},
                **asdict(found.totals),
                "coverage": found.totals.coverage,
                "availability": found.totals.availability,
            },
            columns=self._kind.columns,
            document=lambda: self._kind.document(self._kind.title, told, frame),
        )


def _iso(at: int) -> str:
    return instant(at).isoformat()
