"""What was promised, where it was broken, and what was stated about a month."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.append_only import APPEND_ONLY
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.stores.maintenance.models import SCOPE_NAMES_ITS_STORES, Scope


class SlaWindow(StrEnum):
    CALENDAR_MONTH = "calendar_month"
    ROLLING = "rolling"


class AppliesTo(StrEnum):
    EACH_STORE = "each_store"
    WHOLE_SCOPE = "whole_scope"


class Verdict(StrEnum):
    MET = "met"
    BREACHED = "breached"
    UNKNOWN = "unknown"


class SlaPolicy(Entity):
    """A promise: availability of at least `target` in every window.

    applies_to: whether each store of the scope must keep it, or all of them taken together
    rolling_days: length of a rolling window, ending with the latest poll
    zone: whose calendar months; none takes the default zone
    credits: [{"below": 0.99, "percent": 10}, …]: what is owed when availability lies below; the highest that applies
    effective_from: the first day that counts
    """

    __table_args__ = (
        CheckConstraint(SCOPE_NAMES_ITS_STORES, name="scope_names_its_stores"),
        CheckConstraint("target > 0 AND target < 1", name="target"),
        CheckConstraint("(\"window\" = 'rolling') = (rolling_days IS NOT NULL)", name="rolling_days"),
    )

    name: Mapped[str] = mapped_column(String(200), unique=True)
    scope: Mapped[Scope] = mapped_column(one_of(Scope))
    store_id: Mapped[UUID | None] = mapped_column(ForeignKey("stores.id", ondelete="CASCADE"), index=True)
    store_group: Mapped[str | None] = mapped_column(String(100))
    applies_to: Mapped[AppliesTo] = mapped_column(one_of(AppliesTo))
    target: Mapped[float]
    window: Mapped[SlaWindow] = mapped_column(one_of(SlaWindow))
    rolling_days: Mapped[int | None] = mapped_column(SmallInteger)
    zone: Mapped[str | None] = mapped_column(String(64))
    credits: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument, default=list)
    effective_from: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class SlaBreach(Entity):
    """From when on a promise was known to be broken; until when, for a rolling window that recovered.

    subject: the store's external id; empty for a whole scope
    period: first day of the calendar month; of a rolling window the day on which the breach was seen
    """

    __table_args__ = (
        UniqueConstraint("policy_id", "subject", "period", name="uq_sla_breaches_subject"),
        Index("ix_sla_breaches_began_at", "began_at"),
    )

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("sla_policies.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(255))
    period: Mapped[date]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    availability: Mapped[float | None]
    down_us: Mapped[int] = mapped_column(BigInteger)
    budget_us: Mapped[int] = mapped_column(BigInteger)


class SlaStatement(Entity):
    """What was stated about a month, in the terms of that time. Never changed: what comes to light later makes
    another revision, and both are kept.

    terms: name, target, applies_to and credits of the policy when the first revision was issued
    inputs: SHA-256 of what the figures depend on, by kind
    artifact_id: the figures of each store, as CSV
    """

    __table_args__ = (
        UniqueConstraint("policy_id", "period", "revision", name="uq_sla_statements_revision"),
        CheckConstraint("revision > 0", name="revision"),
        {"info": APPEND_ONLY},
    )

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("sla_policies.id"))
    period: Mapped[date]
    revision: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str] = mapped_column(Text)
    start: Mapped[datetime]
    end: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(64))
    terms: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    stores: Mapped[int] = mapped_column(Integer)
    stores_breached: Mapped[int] = mapped_column(Integer)
    open_us: Mapped[int] = mapped_column(BigInteger)
    up_us: Mapped[int] = mapped_column(BigInteger)
    down_us: Mapped[int] = mapped_column(BigInteger)
    unknown_us: Mapped[int] = mapped_column(BigInteger)
    availability: Mapped[float | None]
    verdict: Mapped[Verdict] = mapped_column(one_of(Verdict))
    inputs: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    artifact_id: Mapped[UUID] = mapped_column(ForeignKey("artifacts.id"), index=True)
    issued_by: Mapped[str] = mapped_column(String(150))
