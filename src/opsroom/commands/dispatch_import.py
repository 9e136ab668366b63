"""`opsroom dispatch import`."""

from opsroom.commands.records_import import import_command
from opsroom.dispatch.resources import CITIES, CUSTOMERS, ORDERS, VEHICLES

command = import_command(
    {"orders": ORDERS, "vehicles": VEHICLES, "customers": CUSTOMERS, "cities": CITIES},
    usual="orders",
    about='Places are JSON: {"lat": -1.29, "lon": 36.82}.',
)
