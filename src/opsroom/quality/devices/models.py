"""Stations and gauges: what measures is registered, and in calibration."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity

_active = text("active")
CALIBRATED_BEFORE_DUE = "calibrated_on IS NULL OR calibration_due IS NULL OR calibrated_on < calibration_due"


class Station(Entity):
    """A place of inspection: a camera, a bench. Without a due date it needs no calibration."""

    __table_args__ = (
        CheckConstraint(CALIBRATED_BEFORE_DUE, name="calibration_order"),
        CheckConstraint("length(station_number) > 0", name="station_number"),
        Index("ix_stations_calibration_due", "calibration_due", postgresql_where=_active, sqlite_where=_active),
        Index("ix_stations_line", "line"),
    )

    station_number: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    line: Mapped[str | None] = mapped_column(String(80))
    calibrated_on: Mapped[date | None]
    calibration_due: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class Gauge(Entity):
    """resolution: the smallest step it shows, in `unit`"""

    __table_args__ = (
        CheckConstraint(CALIBRATED_BEFORE_DUE, name="calibration_order"),
        CheckConstraint("resolution > 0", name="resolution"),
        CheckConstraint("length(gauge_number) > 0", name="gauge_number"),
        Index("ix_gauges_calibration_due", "calibration_due", postgresql_where=_active, sqlite_where=_active),
    )

    gauge_number: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(20))
    resolution: Mapped[float | None]
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id", ondelete="SET NULL"), index=True)
    calibrated_on: Mapped[date | None]
    calibration_due: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
