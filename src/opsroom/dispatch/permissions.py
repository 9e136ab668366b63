"""Who may do what in the dispatch app: anyone signed in may look, ask for a proposal and report from the road; what
binds trucks and customers is a manager's.
"""

from opsroom.core.auth.models import Role
from opsroom.core.auth.roles import Grants

GRANTS: Grants = {
    Role.USER: frozenset(
        {
            "dispatch.cities.read",
            "dispatch.customers.read",
            "dispatch.orders.read",
            "dispatch.vehicles.read",
            "dispatch.routes.read",
            "dispatch.decisions.read",
            "dispatch.decisions.write",
            "dispatch.outcomes.read",
            "dispatch.events.read",
            "dispatch.events.write",
        }
    ),
    Role.MANAGER: frozenset(
        {
            "dispatch.cities.write",
            "dispatch.customers.write",
            "dispatch.orders.write",
            "dispatch.vehicles.write",
            "dispatch.routes.write",
            "dispatch.decisions.commit",
            "dispatch.outcomes.write",
        }
    ),
}
