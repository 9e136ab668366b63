"""Findings from outside."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from opsroom.quality.findings.review import Step
from opsroom.quality.kinds import DefectType, DetectionMethod, ReviewDecision, ReviewStatus, Severity
from opsroom.quality.shapes import Identified, Kept, Words

Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = Annotated[list[Unit], Field(min_length=2, max_length=2)]
Polygon = Annotated[
    list[Point],
    Field(min_length=3, max_length=500, description="corners [x, y] in unit lengths of the image"),
]


class Box(BaseModel):
    """A place in an image, in unit lengths from its upper left corner."""

    x: Unit = Field(examples=[0.25])
    y: Unit = Field(examples=[0.4])
    width: Unit = Field(gt=0, examples=[0.1])
    height: Unit = Field(gt=0, examples=[0.05])

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.x + self.width > 1.000001 or self.y + self.height > 1.000001:
            raise ValueError("the box reaches beyond the image; coordinates go from 0 to 1")
        return self


class DefectCreate(BaseModel):
    """A finding by eye. Those of a model come from its run."""

    inspection_id: UUID
    unit_number: int | None = Field(None, gt=0, lt=1 << 31, description="which unit of the sample")
    type: DefectType = Field(examples=["scratch"])
    severity: Severity = Field(examples=["minor"])
    detection_method: DetectionMethod = DetectionMethod.MANUAL
    box: Box | None = None
    polygon: Polygon | None = None
    image_artifact_id: UUID | None = Field(None, description="an artifact of type image")
    comment: Words | None = None


class DefectRead(Identified, Kept):
    model_config = ConfigDict(from_attributes=True)

    inspection_id: UUID
    inference_job_id: UUID | None
    unit_number: int | None
    type: DefectType
    severity: Severity
    severity_rank: int = Field(description="4 for critical to 1 for minor, to order by")
    detection_method: DetectionMethod
    confidence: float | None = Field(description="of the model, 0 to 1")
    uncertainty: float = Field(description="1 where the model was undecided or none looked, 0 where it was sure")
    box_x: float | None
    box_y: float | None
    box_width: float | None
    box_height: float | None
    polygon: list[Any] | None
    size: float | None = Field(description="larger side of the box, in unit lengths")
    image_artifact_id: UUID | None
    model_verdict: dict[str, Any] | None = Field(description="as the model found it, for good")
    second_person: bool
    review_status: ReviewStatus
    first_reviewer_id: UUID | None
    first_reviewer: str | None
    second_reviewer_id: UUID | None
    second_reviewer: str | None
    reviewed_at: datetime | None
    comment: str | None


class ReviewRead(Identified, Kept):
    defect_id: UUID
    position: int = Field(description="counts the steps of one finding from 1")
    reviewer_id: UUID
    reviewer: str
    decision: ReviewDecision
    undone_position: int | None
    reason: str | None
    before: dict[str, Any]
    after: dict[str, Any]


class ReviewAsked(BaseModel):
    decision: ReviewDecision = Field(examples=["confirm"])
    reason: Words | None = Field(None, description="needed to reject and to escalate", examples=["Dust, not a scratch"])
    type: DefectType | None = Field(None, description="for retype")
    severity: Severity | None = Field(None, description="for retype")
    box: Box | None = Field(None, description="for redraw")
    polygon: Polygon | None = Field(None, description="for redraw")

    def step(self) -> Step:
        drawn = self.box is not None or self.polygon is not None
        place = {"box": self.box.model_dump() if self.box else None, "polygon": self.polygon} if drawn else None
        return Step(self.decision, self.reason, self.type, self.severity, place)


class Waiting(BaseModel):
    """A finding in the queue."""

    lot_number: str
    finding: DefectRead


class ReviewerRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reviewer: str
    confirmed: int
    rejected: int
    retyped: int
    redrawn: int
    escalated: int
    undone: int = Field(description="steps they took back; those count as nothing else")
    compared: int = Field(description="findings that another person judged too")
    agreed: int = Field(description="those of them judged alike")
    with_model: int = Field(description="findings of a model that they judged")
    confirmed_model: int = Field(description="those of them that they confirmed")
