"""What Prometheus is told of quality."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from opsroom.core.metrics import Gauge
from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.models import Lot

OPEN = (LotStatus.CREATED, LotStatus.IN_PRODUCTION, LotStatus.IN_INSPECTION)


def _open_lots(_at: datetime) -> Select[*tuple[Any, ...]]:
    return select(Lot.status, func.count()).where(Lot.status.in_(OPEN)).group_by(Lot.status)


def _held_lots(_at: datetime) -> Select[*tuple[Any, ...]]:
    return select(func.count()).where(Lot.on_hold)


GAUGES = (
    Gauge("opsroom_quality_lots", "Lots that are neither released nor rejected", _open_lots, ("status",)),
    Gauge("opsroom_quality_lots_held", "Lots on hold", _held_lots),
)
