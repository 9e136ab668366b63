"""Who may do what: everyone who is signed in reads, managers write."""

from opsroom.core.auth.models import Role
from opsroom.core.auth.roles import Grants

GRANTS: Grants = {
    Role.USER: frozenset({"assistants.assistants.read"}),
    Role.MANAGER: frozenset({"assistants.assistants.write"}),
}
