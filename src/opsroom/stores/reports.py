"""Report types of the stores app."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Literal

import polars as pl
from pydantic import AwareDatetime, BaseModel, Field

from opsroom import __version__
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.core.reports.document import Column, Document
from opsroom.stores.archive.history import History
from opsroom.stores.fleet import MEASURES, account
from opsroom.stores.options import StoresOptions, options_from
from opsroom.stores.report_documents import Told, uptime_document
from opsroom.stores.snapshot import Snapshot, Span, read_latest_snapshot, read_snapshot
from opsroom.stores.table import one_per_store, seven_columns
from opsroom.stores.uptime import CLASSIC, EvidenceProfile, Uptime, trailing_windows, uptime, with_ratios

UPTIME = "stores.uptime"
TITLE = "Which stores were up, and for how long?"
COLUMNS = (
    Column("store_id", "Store"),
    *(
        Column(f"{measure}_last_{window}", f"{word}, last {window}", unit)
        for measure, word in (("uptime", "Up"), ("downtime", "Down"), ("unknown", "Unknown"))
        for window, unit in (("hour", "min"), ("day", "h"), ("week", "h"))
    ),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UptimeParameters(BaseModel):
    profile: Literal["strict", "classic"] = Field("strict", description="which observations count")
    as_of: AwareDatetime | None = Field(None, description="look at observations up to here; default: the latest")
    unknown: bool = Field(False, description="add the unknown_* columns")
    observed_only: bool = Field(False, description="leave out stores without any observation")


def report_types(parts: Parts) -> list[ReportType[UptimeParameters]]:
    report = UptimeReport(parts, options_from(parts.options))
    return [
        ReportType(
            name=UPTIME,
            title=TITLE,
            parameters=UptimeParameters,
            compute=report.compute,
            permission="stores.reports.read",
            exclusive=True,
        )
    ]


class UptimeReport:
    def __init__(self, parts: Parts, options: StoresOptions) -> None:
        self._history = History(parts.database, parts.blobs)
        self._options = options

    async def compute(self, parameters: UptimeParameters, run: Run) -> ReportTable:
        await run.progress(0.05, "reading observations")
        snapshot = await asyncio.to_thread(self._snapshot, parameters)
        as_of = snapshot.span.as_of
        await run.progress(0.6, f"accounting for {snapshot.stores.height:,} stores")
        about = (parameters.model_dump_json(), self._options, as_of)
        result, fingerprint = await asyncio.gather(
            asyncio.to_thread(self._account, snapshot, parameters, as_of),
            asyncio.to_thread(snapshot.fingerprint, *about),
        )
        await run.progress(0.9, "rendering")
        return await asyncio.to_thread(self._table, snapshot, result, fingerprint, parameters)

    def _snapshot(self, parameters: UptimeParameters) -> Snapshot:
        if parameters.as_of is not None:
            return read_snapshot(self._history, _span_up_to((parameters.as_of - EPOCH) // timedelta(microseconds=1)))
        latest = read_latest_snapshot(self._history, _span_up_to)
        if latest is None:
            raise Permanent("There are no observations yet; import some, or give `as_of`.")
        return latest

    def _profile(self, parameters: UptimeParameters) -> EvidenceProfile:
        return CLASSIC if parameters.profile == "classic" else self._options.strict

    def _account(self, snapshot: Snapshot, parameters: UptimeParameters, as_of: int) -> Uptime:
        return uptime(
            snapshot.observations,
            snapshot.hours,
            snapshot.stores,
            trailing_windows(as_of),
            self._profile(parameters),
            default_zone=self._options.default_zone,
            excluded=snapshot.excluded(self._options.default_zone),
            observed_only=parameters.observed_only,
        )

    def _table(self, snapshot: Snapshot, result: Uptime, fingerprint: str, parameters: UptimeParameters) -> ReportTable:
        keys = one_per_store(result.frame)
        names = keys.replace_strict(snapshot.stores["store"], snapshot.stores["external_id"])
        quality = result.quality
        frame = seven_columns(result.frame, names, unknown=parameters.unknown)
        return ReportTable(
            frame=frame,
            as_of=EPOCH + timedelta(microseconds=snapshot.span.as_of),
            fingerprint=fingerprint,
            engine_version=__version__,
            summary={
                "stores": quality.stores,
                "observed_stores": quality.observed_stores,
                "observations": quality.observations,
                "contradictions": quality.contradictions,
                "stores_in_unknown_zone": quality.stores_in_unknown_zone,
            },
            columns=[column for column in COLUMNS if column.name in frame.columns],
            document=lambda: self._document(snapshot, result, parameters, frame),
        )

    def _document(
        self, snapshot: Snapshot, result: Uptime, parameters: UptimeParameters, frame: pl.DataFrame
    ) -> Document:
        """The week's account beside the columns; the stores of both are the same."""
        profile, zone = self._profile(parameters), self._options.default_zone
        week = trailing_windows(snapshot.span.as_of)[-1]
        seen = snapshot.of_stores(one_per_store(result.frame).to_list()) if parameters.observed_only else snapshot
        told = Told(account(seen, week, profile, zone), seen, profile, zone)
        sums = with_ratios(result.frame.group_by("window", maintain_order=True).agg(pl.col(MEASURES).sum()))
        return uptime_document(TITLE, told, frame, sums)


def _span_up_to(as_of: int) -> Span:
    return Span(min(window.start for window in trailing_windows(as_of)), as_of, as_of)
