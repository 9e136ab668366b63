"""Who may do what in the stores app."""

from opsroom.core.auth.models import Role
from opsroom.core.auth.roles import Grants

GRANTS: Grants = {
    Role.USER: frozenset(
        {
            "stores.stores.read",
            "stores.observations.read",
            "stores.imports.read",
            "stores.archives.read",
            "stores.maintenance.read",
            "stores.sla.read",
            "stores.reports.read",
        }
    ),
    Role.MANAGER: frozenset(
        {
            "stores.stores.write",
            "stores.observations.write",
            "stores.imports.write",
            "stores.archives.write",
            "stores.maintenance.write",
            "stores.sla.write",
            "stores.reports.write",
        }
    ),
}
