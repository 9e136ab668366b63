"""`opsroom quality import`."""

from opsroom.commands.records_import import import_command
from opsroom.quality.devices.resources import GAUGES, STATIONS
from opsroom.quality.lots.resources import LOTS
from opsroom.quality.measurements.resources import MEASUREMENTS
from opsroom.quality.parts.resources import PARTS

command = import_command(
    {"parts": PARTS, "lots": LOTS, "measurements": MEASUREMENTS, "gauges": GAUGES, "stations": STATIONS},
    usual="measurements",
    about="Records may name others by number: lots their part, measurements their lot (instead of its one inspection "
    "under way) and their gauge.",
)
