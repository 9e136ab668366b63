"""What signing in and out, and the granting of rights, leave in the trail."""

from opsroom.core.audit.events import Event
from opsroom.core.audit.models import Action, Level

SIGNED_IN = Event("auth.sign_in.accepted", Action.ACCESS)
SIGN_IN_REFUSED = Event("auth.sign_in.refused", Action.ACCESS, Level.WARNING)
SIGNED_OUT = Event("auth.sign_in.ended", Action.ACCESS)
TOKEN_REPLAYED = Event("auth.refresh_token.replayed", Action.ACCESS, Level.ERROR)
ACCOUNT_LOCKED = Event("auth.account.locked", Action.ACCESS, Level.ERROR)
ACCOUNT_UNLOCKED = Event("auth.account.unlocked", Action.CONFIGURE)
PASSWORD_CHANGED = Event("auth.password.changed", Action.CONFIGURE)
ROLE_GRANTED = Event("auth.role.granted", Action.CONFIGURE)
PERMISSION_GRANTED = Event("auth.permission.granted", Action.CONFIGURE)
PERMISSION_WITHDRAWN = Event("auth.permission.withdrawn", Action.CONFIGURE)
KEY_CREATED = Event("auth.api_key.created", Action.CONFIGURE)
KEY_REVOKED = Event("auth.api_key.revoked", Action.CONFIGURE)
