"""What a maintenance window looks like from outside."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, NaiveDatetime, model_validator

from opsroom.core.recurrence import checked_rule
from opsroom.stores.maintenance.models import Scope
from opsroom.stores.uptime import known_zone

LONGEST = timedelta(days=366)
EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2200, 1, 1)


def _exists(zone: str | None) -> str | None:
    if zone is not None and known_zone(zone) is None:
        raise ValueError(f"{zone} is no IANA time zone; expected one such as America/Chicago")
    return zone


def _in_range(wall: datetime) -> datetime:
    if not EARLIEST <= wall <= LATEST:
        raise ValueError("the years 2000 to 2199 are taken")
    return wall


WallTime = Annotated[NaiveDatetime, AfterValidator(_in_range)]
ZoneKey = Annotated[str | None, AfterValidator(_exists)]


class Maintenance(BaseModel):
    title: str = Field(min_length=1, max_length=200, examples=["Till software update"])
    scope: Scope = Field(description="store (with store_id), group (with store_group) or all")
    store_id: str | None = Field(None, max_length=255, description="the store's id, or its external id")
    store_group: str | None = Field(None, max_length=100, examples=["north"])
    zone: ZoneKey = Field(
        None, max_length=64, description="whose wall time; none means each store's own", examples=["Africa/Nairobi"]
    )
    start_local: WallTime = Field(examples=["2026-11-24T02:00:00"], description="local wall time, without an offset")
    end_local: WallTime = Field(examples=["2026-11-24T04:00:00"], description="not included; at most 366 days later")
    recurrence: str | None = Field(
        None,
        max_length=200,
        examples=["FREQ=WEEKLY;BYDAY=TU"],
        description="RFC 5545 rule (daily, weekly, monthly or yearly) of which the start is the first occurrence; "
        "none for a single window",
    )
    reason: str | None = Field(None, max_length=2000)


class MaintenanceCreate(Maintenance):
    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.scope is Scope.STORE) != (self.store_id is not None):
            raise ValueError("scope store goes with store_id, no other scope does")
        if (self.scope is Scope.GROUP) != (self.store_group is not None):
            raise ValueError("scope group goes with store_group, no other scope does")
        if not timedelta(0) < self.end_local - self.start_local <= LONGEST:
            raise ValueError("end_local must be after start_local, by at most 366 days")
        if self.recurrence is not None:
            self.recurrence = checked_rule(self.recurrence, self.start_local)
        return self


class MaintenanceRead(BaseModel):
    id: UUID
    title: str
    scope: Scope
    store_id: UUID | None
    store_group: str | None
    zone: str | None
    start_local: NaiveDatetime
    end_local: NaiveDatetime
    recurrence: str | None
    reason: str | None
    created_at: datetime
    updated_at: datetime
    version: int
