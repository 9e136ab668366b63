"""What the accounts of many stores look like from outside. Exact microseconds."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal, Self

import polars as pl
from pydantic import BaseModel, Field

from opsroom.stores.asked_window import instant
from opsroom.stores.fleet import DataQuality, FleetAccount, Totals


class WindowRead(BaseModel):
    name: str
    start: datetime
    end: datetime


class AccountRead(BaseModel):
    """up + down + unknown = open."""

    open_us: int
    up_us: int
    down_us: int
    unknown_us: int
    coverage: float | None = Field(description="(up + down) / open; null when never open")
    availability: float | None = Field(description="up / (up + down); null when nothing is known")
    incidents: int
    mttr_us: float | None = Field(description="mean time to repair: mean downtime of incidents that up followed")
    mtbf_us: float | None = Field(description="mean time between failures: up time for each incident")


class TotalsRead(AccountRead):
    stores: int
    ongoing: int = Field(description="incidents that had not ended by the end of the window")

    @classmethod
    def of(cls, totals: Totals) -> Self:
        figures = {_named(name): value for name, value in asdict(totals).items()}
        return cls(**figures, coverage=totals.coverage, availability=totals.availability)


class StoreAccountRead(AccountRead):
    store_id: str


class QualityRead(BaseModel):
    stores: int
    never_observed: int
    silent: int = Field(description="stores observed before, but not in the window")
    without_hours: int = Field(description="stores without business hours: open 24 x 7")
    without_zone: int
    in_unknown_zone: int
    unknown_zones: list[str]
    polls: int
    contradictions: int = Field(description="instants at which a store was seen both up and down")
    latest_poll: datetime | None

    @classmethod
    def of(cls, quality: DataQuality) -> Self:
        figures = asdict(quality)
        latest = figures.pop("latest")
        return cls(**figures, latest_poll=None if latest is None else instant(latest))


class DayRead(BaseModel):
    day: str
    open_us: int
    up_us: int
    down_us: int
    unknown_us: int
    coverage: float | None
    availability: float | None


class FleetSummary(BaseModel):
    window: WindowRead
    totals: TotalsRead
    quality: QualityRead
    worst: list[StoreAccountRead] = Field(description="lowest availability first")
    days: list[DayRead] = Field(description="local days of the window, if asked for")


class FleetAvailability(BaseModel):
    window: WindowRead
    totals: TotalsRead
    stores: list[StoreAccountRead]


class FleetIncident(BaseModel):
    store_id: str
    start: datetime = Field(description="the window's start for one that had begun before")
    end: datetime | None = Field(description="null while the store is still down")
    downtime_us: int = Field(description="open time down, without closed time and maintenance between")
    ongoing: bool
    followed_by: Literal["up", "unknown"] | None


class FleetIncidents(BaseModel):
    window: WindowRead
    totals: TotalsRead
    incidents: list[FleetIncident] = Field(description="newest first")


def window_of(found: FleetAccount) -> WindowRead:
    return WindowRead(name=found.window.name, start=instant(found.window.start), end=instant(found.window.end))


def stores_of(found: FleetAccount, store_ids: list[str] | None = None) -> list[StoreAccountRead]:
    """All of them by id, or the given ones in their order."""
    rows = {row["store_id"]: row for row in found.stores.drop("polls", "contradictions", "latest").to_dicts()}
    chosen = rows.values() if store_ids is None else (rows[name] for name in store_ids)
    return [StoreAccountRead(**{_named(name): value for name, value in row.items()}) for row in chosen]


def incidents_of(found: FleetAccount, limit: int, *, ongoing: bool | None = None) -> list[FleetIncident]:
    frame = found.incidents if ongoing is None else found.incidents.filter(ongoing=ongoing)
    newest = frame.sort("start", "store_id", descending=[True, False]).head(limit)
    return [
        FleetIncident(
            store_id=row["store_id"],
            start=instant(row["start"]),
            end=None if row["ongoing"] else instant(row["end"]),
            downtime_us=row["downtime"],
            ongoing=row["ongoing"],
            followed_by=row["followed_by"],
        )
        for row in newest.iter_rows(named=True)
    ]


def days_of(days: pl.DataFrame | None) -> list[DayRead]:
    rows = [] if days is None else days.rename({"window": "day"}).to_dicts()
    return [DayRead.model_validate({_named(name): value for name, value in row.items()}) for row in rows]


def _named(name: str) -> str:
    return f"{name}_us" if name in {"open", "up", "down", "unknown", "mttr", "mtbf"} else name
