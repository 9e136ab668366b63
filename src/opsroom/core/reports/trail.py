"""What fetching a report leaves in the trail."""

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action

REPORT_DOWNLOADED = Event("reports.file.downloaded", Action.ACCESS)
