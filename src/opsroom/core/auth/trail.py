"""What signing in and out, and the granting of rights, leave in the trail."""

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action, Level

SIGNED_IN = Event("auth.sign_in.accepted", Action.ACCESS)
SIGN_IN_REFUSED = Event("auth.sign_in.refused", Action.ACCESS, Level.WARNING)
SIGNED_OUT = Event("auth.sign_in.ended", Action.ACCESS)
TOKEN_REPLAYED = Event("auth.refresh_token.replayed", Action.ACCESS, Level.ERROR)
PASSWORD_CHANGED = Event("auth.password.changed", Action.CONFIGURE)
ROLE_GRANTED = Event("auth.role.granted", Action.CONFIGURE)
