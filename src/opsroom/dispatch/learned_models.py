"""What was learned of the road and of policies: one version of each is in force, and none is ever lost."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of

IN_FORCE = text("status = 'active'")


class CorrectionStatus(StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"
    REFUSED = "refused"


class TravelCorrection(Entity):
    """Factors on driving times by corridor, learned from outcomes. One at a time is in force; none is ever lost.

    factors: [{origin, destination, factor, observations}]
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
    overall_factor: Mapped[float]
    trained_on: Mapped[int] = mapped_column(Integer)
    held_out: Mapped[int] = mapped_column(Integer)
    error_before: Mapped[float | None]
    error_after: Mapped[float | None]
    reason: Mapped[str] = mapped_column(String(400))
