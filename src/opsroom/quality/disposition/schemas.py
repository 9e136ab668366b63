"""Decisions on lots from outside."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.schemas import LotRead
from opsroom.quality.shapes import Number, Words
from opsroom.quality.signing.identity import Credentials
from opsroom.quality.signing.schemas import SignatureRead


class MoveAsked(BaseModel):
    status: Literal[LotStatus.IN_PRODUCTION, LotStatus.IN_INSPECTION]


class ReleaseAsked(Credentials):
    comment: Words | None = None


class DecisionAsked(Credentials):
    reason: Words = Field(examples=["Bore diameter drifts upwards"])


class SplitAsked(DecisionAsked):
    lot_number: Number = Field(description="of the new lot; unique", examples=["L-2026-0815-Q"])
    quantity: int = Field(gt=0, lt=1 << 31, description="units that go into it; fewer than the lot has")


class LegalHoldAsked(BaseModel):
    reason: Words = Field(examples=["Case 7/2026"])


class Decided(BaseModel):
    """The lot after the decision, and the signature that made it."""

    lot: LotRead
    signature: SignatureRead


class SplitUp(Decided):
    """The lot with the units that are left, the signature, and the new lot."""

    taken: LotRead


class Readiness(BaseModel):
    ready: bool
    obstacles: list[str] = Field(description="what has to be done first")


class RelativeRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lot_number: str
    part_number: str
    status: LotStatus
    on_hold: bool
    depth: int = Field(description="1 for parents or children, 2 for theirs, by the shortest way")
    inspections: int
    rejections: int = Field(description="inspections that rejected it")


class GenealogyRead(BaseModel):
    back: list[RelativeRead] = Field(description="what the lot was made of")
    forward: list[RelativeRead] = Field(description="what was made of it")
