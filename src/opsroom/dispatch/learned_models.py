"""What was learned of the road and of policies: one version of each is in force, and none is ever lost."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of

IN_FORCE = text("status = 'active'")


class CorrectionStatus(StrEnum):
    """Of anything learned. Refused: it was not better on what was held out."""

    ACTIVE = "active"
    RETIRED = "retired"
    REFUSED = "refused"


class LearnedPolicy(Entity):
    """Parameters or values of a policy, learned on simulated days and from outcomes. For each policy one is in force.

    kind: the class of policy they are of; `best` may stand for any
    waiting_values: [{area, steps, share, observations}]: what an order kept comes to, as a share of carrying it alone
    trained_on, held_out: days
    cost_before, cost_after: KES an order on the days held out, with what was in force and with this
    difference_low, difference_high: 95 % interval of the paired difference, after less before
    """

    __table_args__ = (
        CheckConstraint("trained_on >= 0 AND held_out >= 0", name="days"),
        Index("uq_learned_policies_in_force", "policy", unique=True, postgresql_where=IN_FORCE, sqlite_where=IN_FORCE),
    )

    number: Mapped[int] = mapped_column(Integer, unique=True)
    policy: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[CorrectionStatus] = mapped_column(one_of(CorrectionStatus))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    waiting_values: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument)
    trained_on: Mapped[int] = mapped_column(Integer)
    held_out: Mapped[int] = mapped_column(Integer)
    cost_before: Mapped[float]
    cost_after: Mapped[float]
    difference_low: Mapped[float | None]
    difference_high: Mapped[float | None]
    reason: Mapped[str] = mapped_column(String(400))


class TravelCorrection(Entity):
    """Factors on driving times by corridor, hour and vehicle, learned from outcomes; one version at a time is in force.

    factors: [{origin, destination, factor, observations}]
    hour_factors: the same of a corridor in one local `hour`
    vehicle_factors: [{vehicle_id, factor, observations}], on top of those
    error_before, error_after: mean absolute error of the logarithm of driving times held out, without and with it
    """

    __table_args__ = (
        CheckConstraint("trained_on >= 0 AND held_out >= 0", name="legs"),
        Index(
            "uq_travel_corrections_in_force", "status", unique=True, postgresql_where=IN_FORCE, sqlite_where=IN_FORCE
        ),
    )

    number: Mapped[int] = mapped_column(Integer, unique=True)
    status: Mapped[CorrectionStatus] = mapped_column(one_of(CorrectionStatus))
    factors: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument)
    hour_factors: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument, default=list, server_default=text("'[]'"))
    vehicle_factors: Mapped[list[dict[str, Any]]] = mapped_column(
        JsonDocument, default=list, server_default=text("'[]'")
    )
    overall_factor: Mapped[float]
    trained_on: Mapped[int] = mapped_column(Integer)
    held_out: Mapped[int] = mapped_column(Integer)
    error_before: Mapped[float | None]
    error_after: Mapped[float | None]
    reason: Mapped[str] = mapped_column(String(400))
