"""What signing leaves in the trail, beside the signature itself."""

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action, Level

SIGNED = Event("quality.record.signed", Action.SIGN)
REFUSED = Event("quality.signature.refused", Action.SIGN, Level.WARNING)
CONSENTED = Event("quality.consent.given", Action.SIGN)
