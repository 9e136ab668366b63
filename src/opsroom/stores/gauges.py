"""What Prometheus is told of stores."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from opsroom.core.metrics import Gauge
from opsroom.stores.sweep.models import AnnouncedIncident


def _open_incidents(_at: datetime) -> Select[*tuple[Any, ...]]:
    return select(func.count()).where(AnnouncedIncident.ended_at.is_(None))


GAUGES = (Gauge("opsroom_stores_open_incidents", "Downtimes that were told and go on", _open_incidents),)
