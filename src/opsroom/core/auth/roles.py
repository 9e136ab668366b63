"""Permissions are strings `<app>.<things>.<verb>`; roles bundle them, each including the one before.

Each app declares what it adds to a role: `{Role.USER: {"stores.reports.read"}, …}`. A person may be granted any of them
besides; what an app declares under `PERSONAL` no role has, and only persons are granted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from opsroom.core.auth.models import Role

PERSONAL: Final = "personal"
Grants = Mapping[Role | Literal["personal"], frozenset[str]]

RANKS = (Role.USER, Role.MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class RolePermissions:
    by_role: Mapping[Role, frozenset[str]]
    personal: frozenset[str] = frozenset()

    def of(self, role: Role, grants: Iterable[str] = ()) -> frozenset[str]:
        """Of a role, and of a person in it with these grants; those of an app that is gone count for nothing."""
        return self.by_role[role].union(self.known.intersection(grants)) if grants else self.by_role[role]

    @property
    def known(self) -> frozenset[str]:
        return self.by_role[Role.ADMIN] | self.personal


def bundle(grants: Iterable[Grants]) -> RolePermissions:
    """What each role may do in all installed apps together."""
    listed = list(grants)
    bundled: dict[Role, frozenset[str]] = {}
    held: frozenset[str] = frozenset()
    for role in RANKS:
        held = held.union(*(grant.get(role, frozenset()) for grant in listed))
        bundled[role] = held
    personal = frozenset[str]().union(*(grant.get(PERSONAL, frozenset()) for grant in listed))
    return RolePermissions(bundled, personal)


CORE_GRANTS: Grants = {
    Role.USER: frozenset(
        {
            "account.read",
            "account.write",
            "console.read",
            "docs.read",
            "health.read",
            "jobs.read",
            "keys.read",
            "keys.write",
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
