"""Schedules and letters from outside."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NaiveDatetime, StringConstraints, model_validator

from opsroom.core.recurrence import WrongRecurrenceError, checked_rule
from opsroom.core.reports.models import ReportFormat
from opsroom.core.schedules.models import LetterStatus

FIRST_YEAR, LAST_YEAR = 2000, 2199


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name} is no IANA time zone; expected one such as America/Chicago")
    return name


def _in_range(wall: datetime) -> datetime:
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise ValueError(f"the years {FIRST_YEAR} to {LAST_YEAR} are taken")
    return wall.replace(microsecond=0)  # rules count seconds


# One mailbox, without a display name; a line break in it would be a header of the letter.
Address = Annotated[str, StringConstraints(pattern=r"^[^\s@<>,;:\"\\]{1,64}@[A-Za-z0-9.-]{1,189}$", max_length=254)]


class ScheduleFields(BaseModel):
    name: Annotated[str, StringConstraints(pattern=r"^[^\r\n\x00]+$", max_length=120)] = Field(
        examples=["Week of the stores"], description="also the letter's subject"
    )
    type: str = Field(max_length=80, examples=["stores.availability"])
    format: ReportFormat = ReportFormat.PDF
    parameters: dict[str, Any] = Field(default_factory=dict, examples=[{"window": "last_7d"}])
    start_local: Annotated[NaiveDatetime, AfterValidator(_in_range)] = Field(
        examples=["2026-11-23T07:00:00"], description="the first time, on the local clock of `zone`"
    )
    recurrence: str = Field(
        max_length=200,
        examples=["FREQ=WEEKLY;BYDAY=MO"],
        description="RFC 5545 rule of which the start is an occurrence",
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(max_length=64, examples=["Europe/Rome"])
    recipients: list[Address] = Field(default_factory=list, max_length=50, examples=[["lead@example.com"]])
    attach: bool = Field(True, description="with the file where it is not too large, else with a link")
    active: bool = True


class ScheduleCreate(ScheduleFields):
    @model_validator(mode="after")
    def _rule_begins_at_the_start(self) -> Self:
        try:
            self.recurrence = checked_rule(self.recurrence, self.start_local)
        except WrongRecurrenceError as error:
            raise ValueError(f"recurrence: {error}") from None
        return self


class ScheduleChange(BaseModel):
    """Only the given fields are changed; the whole is checked again."""

    name: str | None = None
    type: str | None = None
    format: ReportFormat | None = None
    parameters: dict[str, Any] | None = None
    start_local: NaiveDatetime | None = None
    recurrence: str | None = None
    zone: str | None = None
    recipients: list[str] | None = None
    attach: bool | None = None
    active: bool | None = None


class ScheduleRead(ScheduleFields):
    id: UUID
    permission: str
    owner: str
    user_id: UUID | None
    next_at: datetime | None
    last_at: datetime | None
    error: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class LetterRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    report_id: UUID
    schedule_id: UUID | None
    subject: str
    recipient: str
    attach: bool
    status: LetterStatus
    attempts: int
    tries: list[dict[str, Any]] = Field(description="what came of each attempt: at, error")
    error: str | None
    sent_at: datetime | None
    job_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int
