"""Parts and their specifications from outside."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from opsroom.quality.kinds import PartType
from opsroom.quality.shapes import Finite, Identified, Kept, Number

Characteristic = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class Limits(BaseModel):
    """What a characteristic must be like; at least one limit."""

    nominal: Finite | None = Field(None, description="what it should be", examples=[12.0])
    lower: Finite | None = Field(None, description="smallest value that passes", examples=[11.9])
    upper: Finite | None = Field(None, description="largest value that passes", examples=[12.1])
    unit: str = Field("", max_length=20, examples=["mm"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower is None and self.upper is None:
            raise ValueError("a characteristic needs a lower or an upper limit, or both")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError(f"lower {self.lower:g} must be below upper {self.upper:g}")
        if self.nominal is not None and not self.passes(self.nominal):
            raise ValueError(f"nominal {self.nominal:g} lies outside its own limits")
        return self

    def passes(self, value: float) -> bool:
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)


Specifications = Annotated[
    dict[Characteristic, Limits],
    Field(
        description="characteristic → nominal value, limits and unit",
        max_length=200,
        examples=[{"bore_diameter": {"nominal": 12.0, "lower": 11.9, "upper": 12.1, "unit": "mm"}}],
    ),
]


class PartCreate(BaseModel):
    part_number: Number = Field(description="unique; what people and files call it", examples=["BRK-1042"])
    revision: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)] = Field(
        "A", description="of the drawing; specifications change with a new one only", examples=["A"]
    )
    name: str = Field(min_length=1, max_length=200, examples=["Brake caliper bracket"])
    type: PartType = Field(examples=["component"])
    specifications: Specifications = Field(default_factory=dict)
    active: bool = Field(True, description="lots are made of active parts only")


class PartRead(Identified, Kept):
    part_number: str
    revision: str = Field(description="the one in force")
    name: str
    type: PartType
    specifications: dict[str, Any] = Field(description="those of the revision in force")
    active: bool


class RevisionRead(Identified, Kept):
    part_id: UUID
    revision: str
    specifications: dict[str, Any]
    effective_from: datetime
    changed_by: str
