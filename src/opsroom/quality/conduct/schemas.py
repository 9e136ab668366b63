"""Carrying out an inspection, from outside."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opsroom.quality.kinds import InspectionResult
from opsroom.quality.shapes import Finite, Words

LevelName = Literal["I", "II", "III", "S-1", "S-2", "S-3", "S-4"]
SeverityName = Literal["normal", "tightened", "reduced"]


class PlanAsked(BaseModel):
    level: LevelName = Field("II", description="inspection level of ISO 2859-1")
    aql: Finite = Field(gt=0, description="acceptance quality limit, nonconforming per hundred", examples=[1.0])
    severity: SeverityName | None = Field(
        None, description="what the switching rules say of the part's lots before, if nothing is said"
    )


class CompletionAsked(BaseModel):
    result: InspectionResult | None = Field(
        None, description="what the plan says, if nothing is said; rejected is always possible"
    )
    remarks: Words | None = None


class ReasonAsked(BaseModel):
    reason: Words


class StandingRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    severity: SeverityName = Field(description="for the next lot")
    stopped: bool = Field(description="inspection stops until the supplier has acted")
    may_reduce: bool = Field(description="the switching score allows reduced inspection; somebody has to agree")
    score: int = Field(description="switching score of normal inspection")
    lots: int = Field(description="that were looked at")


class CurvePointRead(BaseModel):
    p: float = Field(description="fraction nonconforming")
    nonconforming: int = Field(description="units of this lot that make it")
    hypergeometric: float = Field(description="chance of acceptance, exact for this lot")
    binomial: float = Field(description="chance of acceptance, for the process behind it")
    poisson: float = Field(description="for plans above AQL 10, which count nonconformities")


class PlanRead(BaseModel):
    """A plan that was looked up and not kept."""

    code: str
    plan_code: str
    severity: str
    n: int
    ac: int
    re: int
    inspect_all: bool = Field(description="the sample is the whole lot")
    oc: list[CurvePointRead] = Field(description="operating characteristic")
