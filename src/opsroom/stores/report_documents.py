"""What the reports of the stores app say to people: the answer in numbers, the pictures, the worst, then the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from opsroom.core.charts import Bar, BarChart, LineChart, Series, Span, StateTimeline, TimelineRow
from opsroom.core.console.words import duration, percent
from opsroom.core.reports.document import Block, Column, Document, Fact, Picture, Section, Table
from opsroom.stores.account_tables import incident_table
from opsroom.stores.asked_window import days_of, instant
from opsroom.stores.fleet import FleetAccount, Totals, by_window
from opsroom.stores.snapshot import Snapshot
from opsroom.stores.uptime import EvidenceProfile, timeline

WORST = 10
LONGEST_BY_DAY = 62  # days; more of them are no picture
SECOND = 1_000_000
NOTHING = "–"

Measured = Literal["availability", "coverage"]

INCIDENT_COLUMNS = (
    Column("store_id", "Store"),
    Column("started_at", "Began", "UTC", instant=True),
    Column("ended_at", "Ended", "UTC", instant=True),
    Column("downtime_minutes", "Downtime", "min"),
    Column("state", "State", states=(("down", "down"), ("over", "up"))),
    Column("followed_by", "Followed by"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a document is made from: an account, and what it was computed from."""

    found: FleetAccount
    snapshot: Snapshot
    profile: EvidenceProfile
    default_zone: str

    def availability_by_day(self) -> Sequence[Picture]:
        window, zone = self.found.window, ZoneInfo(self.default_zone)
        days = days_of(window, zone)
        if not 2 <= len(days) <= LONGEST_BY_DAY:
            return ()
        each = by_window(self.snapshot, days, self.profile, self.default_zone)
        known = dict(each.select("window", "availability").iter_rows())
        points = [(instant(day.start), _hundred(known.get(day.name))) for day in days]
        chart = LineChart(
            "Availability by day", [Series("all stores", points)], "availability, %", high=100.0, zone=self.default_zone
        )
        return [Picture(chart, f"Days of {self.default_zone}; a day of which nothing is known has no point.")]

    def worst_by(self, measure: Measured) -> Sequence[Picture]:
        """Stores that were not perfect; a picture of full bars tells nothing."""
        stores = self.found.stores.filter(pl.col(measure) < 1).sort(measure, "store_id").head(WORST)
        if not stores.height:
            return ()
        bars = [
            Bar(store, value * 100, _percent(value)) for store, value in stores.select("store_id", measure).iter_rows()
        ]
        return [Picture(BarChart(f"Lowest {measure}", bars, f"{measure}, %", high=100.0))]

    def days_of_the_worst(self) -> Sequence[Picture]:
        """The state of the stores with the most downtime over the whole window."""
        worst = self.found.stores.filter(pl.col("down") > 0).sort(-pl.col("down"), "store_id").head(WORST)["store_id"]
        if worst.is_empty():
            return ()
        keys = dict(
            self.snapshot.stores.filter(pl.col("external_id").is_in(worst.to_list()))
            .select("external_id", "store")
            .iter_rows()
        )
        spans = self._timeline(sorted(keys.values()))
        rows = [TimelineRow(store, _spans(spans.filter(store=keys[store]))) for store in worst]
        window = self.found.window
        chart = StateTimeline(
            "The stores with the most downtime", rows, instant(window.start), instant(window.end), self.default_zone
        )
        return [Picture(chart, "Closed: outside business hours, or in maintenance.")]

    def _timeline(self, sites: Sequence[int]) -> pl.DataFrame:
        those = self.snapshot.of_stores(sites)
        spans = timeline(
            those.observations,
            those.hours,
            those.stores,
            self.found.window,
            self.profile,
            default_zone=self.default_zone,
            excluded=those.excluded(self.default_zone),
        )
        return spans.with_columns(pl.col("store").cast(pl.Int64))


def uptime_document(title: str, told: Told, frame: pl.DataFrame, by_length: pl.DataFrame) -> Document:
    """by_length: window, availability and coverage of all stores, over the last hour, day and week."""
    facts = [
        Fact(f"up, last {window}", _percent(availability), f"known of {_percent(coverage)} of open time")
        for window, availability, coverage in by_length.select("window", "availability", "coverage").iter_rows()
    ]
    return Document(
        title,
        _lead(told.found),
        [*facts, *_incident_facts(told.found.totals)],
        [
            Section("The last seven days", [*told.availability_by_day(), *told.days_of_the_worst()]),
            Section("Worst stores", [*told.worst_by("availability"), _rows(frame, "-downtime_last_week")]),
            Section("Incidents", [_incidents(told.found)]),
        ],
    )


def availability_document(title: str, told: Told, frame: pl.DataFrame) -> Document:
    return Document(
        title,
        _lead(told.found),
        _facts(told.found.totals),
        [
            Section("Over time", [*told.availability_by_day(), *told.days_of_the_worst()]),
            Section("Stores", [*told.worst_by("availability"), _rows(frame, "availability_percent")]),
        ],
    )


def incidents_document(title: str, told: Told, frame: pl.DataFrame) -> Document:
    table = Table(frame, INCIDENT_COLUMNS, worst="-downtime_minutes")
    return Document(
        title,
        _lead(told.found),
        _facts(told.found.totals),
        [Section("Over time", told.days_of_the_worst()), Section("Incidents", [table])],
    )


def quality_document(title: str, told: Told, frame: pl.DataFrame) -> Document:
    quality = told.found.quality
    facts = [
        Fact("coverage", _percent(told.found.totals.coverage), "of open time is known"),
        Fact("polls", f"{quality.polls:,}", f"{quality.contradictions:,} with both answers"),
        Fact("stores", f"{quality.stores:,}", f"{quality.never_observed:,} never polled, {quality.silent:,} silent"),
        Fact("without hours", f"{quality.without_hours:,}", "taken as always open"),
        Fact("without zone", f"{quality.without_zone:,}", f"{quality.in_unknown_zone:,} in an unknown one"),
    ]
    rows: list[Block] = [*told.worst_by("coverage"), _rows(frame, "coverage_percent")]
    return Document(title, _lead(told.found), facts, [Section("Stores", rows)])


def _lead(found: FleetAccount) -> str:
    start, end = (f"{instant(at):%Y-%m-%d %H:%M}" for at in (found.window.start, found.window.end))
    return f"{found.totals.stores:,} stores from {start} to {end} UTC."


def _facts(totals: Totals) -> list[Fact]:
    return [
        Fact("availability", _percent(totals.availability), "of what is known"),
        Fact("coverage", _percent(totals.coverage), "of open time is known"),
        Fact("down", _duration(totals.down), kind="down"),
        Fact("unknown", _duration(totals.unknown), kind="unknown"),
        *_incident_facts(totals),
    ]


def _incident_facts(totals: Totals) -> list[Fact]:
    return [
        Fact("incidents", f"{totals.incidents:,}", f"{totals.ongoing:,} not over"),
        Fact("mean time to repair", _duration(totals.mttr)),
    ]


def _rows(frame: pl.DataFrame, worst: str) -> Table:
    return Table(frame, caption="Every store", worst=worst)


def _incidents(found: FleetAccount) -> Table:
    return Table(incident_table(found), INCIDENT_COLUMNS, worst="-downtime_minutes", sheet="Incidents")


def _spans(frame: pl.DataFrame) -> list[Span]:
    return [
        Span(instant(start), instant(end), state, f"{state}, {_duration(end - start)}")
        for start, end, state in frame.select("start", "end", pl.col("state").cast(pl.String)).iter_rows()
    ]


def _hundred(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 100


def _percent(fraction: float | None) -> str:
    return NOTHING if fraction is None else str(percent(fraction))


def _duration(microseconds: float | None) -> str:
    return NOTHING if microseconds is None else str(duration(microseconds / SECOND))
