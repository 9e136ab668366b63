"""Importing this registers the tables of the stores app."""

from opsroom.stores.maintenance.models import MaintenanceWindow
from opsroom.stores.models import BusinessHour, ObservationImport, Store, StoreObservation

__all__ = ["BusinessHour", "MaintenanceWindow", "ObservationImport", "Store", "StoreObservation"]
