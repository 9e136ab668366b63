"""Events of lists that leave, and of files that come in."""

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action

EXPORTED = Event("resources.list.exported", Action.ACCESS)
IMPORTED = Event("resources.file.imported", Action.ACCESS)
