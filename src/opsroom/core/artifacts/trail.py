"""What dealing with files leaves in the trail, beside the changed rows."""

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action

FILE_DOWNLOADED = Event("artifacts.file.downloaded", Action.ACCESS)
HELD = Event("artifacts.hold.set", Action.CONFIGURE)
RELEASED = Event("artifacts.hold.released", Action.CONFIGURE)
DAMAGED = Event("artifacts.file.damaged", Action.UPDATE)
