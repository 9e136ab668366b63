"""Stations and gauges, declared."""

from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.quality.devices.models import Gauge, Station
from opsroom.quality.devices.schemas import GaugeCreate, GaugeRead, StationCreate, StationRead

STATIONS = Resource(
    model=Station,
    prefix="/api/v1/quality/stations",
    tags=("quality",),
    read=StationRead,
    create=StationCreate,
    update=patch_of(StationCreate),
    permission="quality.gauges",
    key="station_number",
    search=("station_number", "name"),
    deletable=False,
)
GAUGES = Resource(
    model=Gauge,
    prefix="/api/v1/quality/gauges",
    tags=("quality",),
    read=GaugeRead,
    create=GaugeCreate,
    update=patch_of(GaugeCreate),
    permission="quality.gauges",
    key="gauge_number",
    search=("gauge_number", "name"),
    deletable=False,  # measurements refer to what they were made with
)
