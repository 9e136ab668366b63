"""Policies, standings, breaches and statements from outside."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from opsroom.core.clock import now
from opsroom.stores.asked_window import instant
from opsroom.stores.fleet_schemas import WindowRead
from opsroom.stores.maintenance.models import Scope
from opsroom.stores.maintenance.schemas import ZoneKey
from opsroom.stores.sla.models import AppliesTo, SlaWindow, Verdict
from opsroom.stores.sla.standing import Standing


class CreditStep(BaseModel):
    below: float = Field(gt=0, lt=1, description="owed when availability lies below this", examples=[0.99])
    percent: float = Field(gt=0, le=100, description="per cent of the fee", examples=[10])


def this_month() -> date:
    return now().date().replace(day=1)


class Policy(BaseModel):
    name: str = Field(min_length=1, max_length=200, examples=["Stores of the north"])
    scope: Scope = Field(description="store (with store_id), group (with store_group) or all")
    store_id: str | None = Field(None, max_length=255, description="the store's id, or its external id")
    store_group: str | None = Field(None, max_length=100)
    applies_to: AppliesTo = Field(
        AppliesTo.EACH_STORE, description="whether each store must keep it, or all of the scope taken together"
    )
    target: Annotated[float, Field(ge=0.5, le=0.999999)] = Field(
        examples=[0.995], description="availability promised: up / (up + down)"
    )
    window: SlaWindow = SlaWindow.CALENDAR_MONTH
    rolling_days: int | None = Field(None, ge=1, le=366)
    zone: ZoneKey = Field(None, max_length=64, description="whose months; none takes the default zone")
    credits: list[CreditStep] = Field(default_factory=list, max_length=20)
    effective_from: date = Field(default_factory=this_month, description="statements begin with its month")
    active: bool = True


class PolicyCreate(Policy):
    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.scope is Scope.STORE) != (self.store_id is not None):
            raise ValueError("scope store goes with store_id, no other scope does")
        if (self.scope is Scope.GROUP) != (self.store_group is not None):
            raise ValueError("scope group goes with store_group, no other scope does")
        if (self.window is SlaWindow.ROLLING) != (self.rolling_days is not None):
            raise ValueError("a rolling window goes with rolling_days, a calendar month does not")
        if any(step.below > self.target for step in self.credits):
            raise ValueError("a credit is owed below the target, not above it")
        return self


class PolicyRead(BaseModel):
    id: UUID
    name: str
    scope: Scope
    store_id: UUID | None
    store_group: str | None
    applies_to: AppliesTo
    target: float
    window: SlaWindow
    rolling_days: int | None
    zone: str | None
    credits: list[CreditStep]
    effective_from: date
    active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class BreachRead(BaseModel):
    id: UUID
    policy_id: UUID
    subject: str = Field(description="the store's external id; empty for a whole scope")
    period: date
    began_at: datetime
    ended_at: datetime | None
    availability: float | None
    down_us: int
    budget_us: int
    created_at: datetime
    updated_at: datetime
    version: int


class StatementRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    policy_id: UUID
    period: date
    revision: int
    reason: str
    start: datetime
    end: datetime
    zone: str
    terms: dict[str, Any]
    stores: int
    stores_breached: int
    open_us: int
    up_us: int
    down_us: int
    unknown_us: int
    availability: float | None
    verdict: Verdict
    artifact_id: UUID
    issued_by: str
    created_at: datetime
    updated_at: datetime
    version: int


class Budget(BaseModel):
    """Exact microseconds."""

    open_us: int
    up_us: int
    down_us: int
    unknown_us: int
    ahead_us: int = Field(description="open time of the window that is still to come")
    coverage: float | None
    availability: float | None
    budget_us: int = Field(description="(1 − target) × (known + ahead)")
    remaining_us: int = Field(description="below 0 when the promise is broken")
    spent: float | None = Field(description="down / budget")
    state: Literal["ok", "at_risk", "breached", "unknown"]
    burn_1h: float | None = Field(description="the share of known time down over the share that may be")
    burn_6h: float | None
    burn_24h: float | None
    burn_72h: float | None
    alert: Literal["fast", "slow", "none"]


class StoreBudget(Budget):
    store_id: str


class StandingRead(BaseModel):
    policy_id: UUID
    name: str
    target: float
    applies_to: AppliesTo
    window: WindowRead
    as_of: datetime
    whole: Budget = Field(description="all stores of the scope taken together")
    breached: int = Field(description="stores whose own budget is spent")
    at_risk: int
    stores: list[StoreBudget] = Field(description="those with the least left of their budget first")

    @classmethod
    def of(cls, policy_id: UUID, found: Standing, limit: int) -> Self:
        worst = found.stores.sort("spent", "store_id", descending=[True, False], nulls_last=True).head(limit)
        states = found.stores["state"].to_list()
        window = found.window
        return cls(
            policy_id=policy_id,
            name=found.terms.name,
            target=found.terms.target,
            applies_to=found.terms.applies_to,
            window=WindowRead(name=window.name, start=instant(window.start), end=instant(window.end)),
            as_of=instant(found.as_of),
            whole=Budget(**_in_us(found.whole)),
            breached=states.count("breached"),
            at_risk=states.count("at_risk"),
            stores=[StoreBudget(**_in_us(row)) for row in worst.to_dicts()],
        )


class StatementAsked(BaseModel):
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", examples=["2026-10"])
    reason: str = Field(min_length=1, max_length=1000, description="why it is issued by hand", examples=["New hours"])

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.month}-01")


TIMES = {"open", "up", "down", "unknown", "ahead", "budget", "remaining"}


def _in_us(row: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_us" if name in TIMES else name: value for name, value in row.items()}
