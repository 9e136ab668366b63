"""Lots from outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from opsroom.quality.kinds import LotStatus
from opsroom.quality.shapes import Identified, Kept, Number


class LotChange(BaseModel):
    quantity: int = Field(gt=0, lt=1 << 31, description="units in the lot", examples=[1200])
    produced_at: AwareDatetime | None = Field(None, examples=["2026-11-20T06:00:00Z"])
    line: str | None = Field(None, max_length=80, examples=["L3"])
    shift: str | None = Field(None, max_length=40, examples=["early"])
    supplier: str | None = Field(None, max_length=200, description="none: made here", examples=["Nordguss"])
    production_metadata: dict[str, Any] = Field(
        default_factory=dict, description="what the line reports", examples=[{"furnace": 2, "melt": "M-881"}]
    )


class LotCreate(LotChange):
    lot_number: Number = Field(description="unique", examples=["L-2026-0815"])
    part_id: str = Field(max_length=80, description="the part's id, or its number", examples=["BRK-1042"])


class LotRead(Identified, Kept):
    lot_number: str
    part_id: UUID
    quantity: int
    produced_at: datetime | None
    line: str | None
    shift: str | None
    supplier: str | None
    status: LotStatus
    production_metadata: dict[str, Any]
    on_hold: bool
    hold_reason: str | None
    held_by: str | None
    held_at: datetime | None
    legal_hold: bool = Field(description="kept whatever any rule of retention says")
    legal_hold_reason: str | None


class ParentCreate(BaseModel):
    parent_id: str = Field(max_length=80, description="the lot that went into this one: its id or number")
    quantity: int | None = Field(None, gt=0, lt=1 << 31, description="units of it that went in")


class ParentRead(Identified, Kept):
    lot_id: UUID
    parent_id: UUID
    quantity: int | None
