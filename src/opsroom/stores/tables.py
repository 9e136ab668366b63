"""Importing this registers the tables of the stores app."""

from opsroom.stores.archive.models import ArchivedSite, ObservationArchive
from opsroom.stores.maintenance.models import MaintenanceWindow
from opsroom.stores.models import BusinessHour, ObservationImport, Store, StoreObservation
from opsroom.stores.sla.models import SlaBreach, SlaPolicy, SlaStatement
from opsroom.stores.sweep.models import AnnouncedIncident, SweepMark

__all__ = [
    "AnnouncedIncident",
    "ArchivedSite",
    "BusinessHour",
    "MaintenanceWindow",
    "ObservationArchive",
    "ObservationImport",
    "SlaBreach",
    "SlaPolicy",
    "SlaStatement",
    "Store",
    "StoreObservation",
    "SweepMark",
]
