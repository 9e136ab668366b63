"""Permissions are strings `<app>.<things>.<verb>`; roles bundle them, each including the one before.

Each app declares what it adds to a role: `{Role.USER: {"stores.reports.read"}, …}`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opsroom.core.auth.models import Role

Grants = Mapping[Role, frozenset[str]]

RANKS = (Role.USER, Role.MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class RolePermissions:
    by_role: Mapping[Role, frozenset[str]]

    def of(self, role: Role) -> frozenset[str]:
        return self.by_role[role]

    @property
    def known(self) -> frozenset[str]:
        return self.by_role[Role.ADMIN]


def bundle(grants: Iterable[Grants]) -> RolePermissions:
    """What each role may do in all installed apps together."""
    listed = list(grants)
    bundled: dict[Role, frozenset[str]] = {}
    held: frozenset[str] = frozenset()
    for role in RANKS:
        held = held.union(*(grant.get(role, frozenset()) for grant in listed))
        bundled[role] = held
    return RolePermissions(bundled)


CORE_GRANTS: Grants = {
    Role.USER: frozenset(
        {
            "account.read",
            "account.write",
            "console.read",
            "docs.read",
            "health.read",
            "jobs.read",
            "reports.read",
        }
    ),
    Role.MANAGER: frozenset(
        {
            "artifacts.read",
            "artifacts.write",
            "jobs.cancel",
            "reports.schedules.read",
            "reports.schedules.write",
            "reports.write",
        }
    ),
    Role.ADMIN: frozenset(
        {
            "artifacts.hold",
            "artifacts.manage",
            "artifacts.rules.read",
            "artifacts.rules.write",
            "audit.read",
            "metrics.read",
            "users.read",
            "users.write",
            "webhooks.read",
            "webhooks.write",
        }
    ),
}
