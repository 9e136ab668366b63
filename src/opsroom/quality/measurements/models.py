"""Measured values, row by row on record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.rules import Consequence, Rule, changed, ruled
from opsroom.quality.supersession import of_inspection, supersedes

INSPECTION_IS = "EXISTS (SELECT 1 FROM inspections WHERE id = {row}.inspection_id AND status {what})"
ENDED = "An inspection that has ended takes no further measurements and changes none."
CONTENT = ("characteristic", "unit_number", "value", "gauge_id", "operator", "within_limits", "confirmed_by")
# Both engines write a date as its first ten letters.
OUT_OF_CALIBRATION = (
    "EXISTS (SELECT 1 FROM gauges g WHERE g.id = NEW.gauge_id AND (NOT g.active "
    "OR substr(CAST(NEW.measured_at AS text), 1, 10) > CAST(g.calibration_due AS text)))"
)
_unconfirmed = text("manual AND NOT within_limits AND confirmed_by_id IS NULL")


class Measurement(Entity):
    """One value of one unit. `value` is in the unit that the part's revision names for the characteristic.

    manual: typed in by a person, not sent by a gauge or imported; outside the limits it needs a second person
    within_limits: judged when it was entered, by the revision that the inspection uses
    original_value: as first entered, once it has been corrected
    """

    __table_args__ = (
        UniqueConstraint("inspection_id", "characteristic", "unit_number", name="uq_measurements_unit"),
        CheckConstraint("unit_number > 0", name="unit_number"),
        CheckConstraint("value BETWEEN -1e300 AND 1e300", name="value_is_finite"),
        CheckConstraint("length(characteristic) > 0", name="characteristic"),
        CheckConstraint("confirmed_by_id <> operator_id", name="confirmed_by_another"),
        CheckConstraint(
            "(confirmed_by_id IS NULL) = (confirmed_by IS NULL) AND (confirmed_by IS NULL) = (confirmed_at IS NULL)",
            name="confirmation_is_whole",
        ),
        CheckConstraint("confirmed_at >= created_at", name="confirmed_after_entry"),
        Index("ix_measurements_characteristic_measured_at", "characteristic", "measured_at"),
        Index("ix_measurements_unconfirmed", "inspection_id", postgresql_where=_unconfirmed, sqlite_where=_unconfirmed),
        {
            "info": ruled(
                Rule("gauge_out_of_calibration", "INSERT", OUT_OF_CALIBRATION, "The gauge is not in calibration."),
                Rule(
                    "inspection_ended",
                    "INSERT",
                    INSPECTION_IS.format(row="NEW", what="NOT IN ('pending', 'in_progress')"),
                    ENDED,
                ),
                Rule(
                    "inspection_ended",
                    "UPDATE",
                    INSPECTION_IS.format(row="OLD", what="NOT IN ('pending', 'in_progress')"),
                    ENDED,
                ),
                Rule(
                    "begun_inspection_kept",
                    "DELETE",
                    INSPECTION_IS.format(row="OLD", what="<> 'pending'"),
                    "Measurements of an inspection that has begun are kept.",
                ),
                Consequence("supersede", "INSERT", "1 = 1", supersedes(*of_inspection("NEW.inspection_id"))),
                Consequence(
                    "supersede",
                    "UPDATE",
                    changed(CONTENT),
                    supersedes(*of_inspection("NEW.inspection_id")),
                ),
                Consequence("supersede", "DELETE", "1 = 1", supersedes(*of_inspection("OLD.inspection_id"))),
            )
        },
    )

    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspections.id", ondelete="CASCADE"))
    characteristic: Mapped[str] = mapped_column(String(120))
    unit_number: Mapped[int] = mapped_column(Integer)
    value: Mapped[float]
    original_value: Mapped[float | None]
    measured_at: Mapped[datetime] = mapped_column(server_default=text("CURRENT_TIMESTAMP"))
    gauge_id: Mapped[UUID] = mapped_column(ForeignKey("gauges.id"), index=True)
    operator_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    operator: Mapped[str] = mapped_column(String(150))
    manual: Mapped[bool]
    within_limits: Mapped[bool]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    confirmed_by: Mapped[str | None] = mapped_column(String(150))
    confirmed_at: Mapped[datetime | None]
