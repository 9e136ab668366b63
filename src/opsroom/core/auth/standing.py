"""What a person may do at this moment, from the row that is read with every request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from opsroom.core.auth.roles import RolePermissions
from opsroom.core.clock import now

# What is left to who has to choose a new password first.
CHANGING = frozenset({"account.read", "account.write"})


@dataclass(frozen=True, slots=True)
class SignInRules:
    """console_idle: a console without a request for so long is signed out
    password_age: an older password has to be changed; None for never
    key_lifetime: the most an API key may be given
    """

    console_idle: timedelta = timedelta(hours=8)
    password_age: timedelta | None = None
    key_lifetime: timedelta = timedelta(days=366)

    def idle_too_long(self, last_seen: datetime) -> bool:
        return last_seen + self.console_idle < now()

    def wants_new_password(self, row: Mapping[str, Any]) -> bool:
        aged = self.password_age is not None and row["password_changed_at"] + self.password_age < now()
        return row["must_change_password"] or aged


def held_by(row: Mapping[str, Any], permissions: RolePermissions) -> frozenset[str]:
    """All permissions of a person; those of a superuser by name."""
    return permissions.known if row["is_superuser"] else permissions.of(row["role"], listed(row["grants"]))


def listed(names: list[str] | str) -> list[str]:
    """The driver of PostgreSQL gives JSON as text where SQLAlchemy has not told it otherwise."""
    return json.loads(names) if isinstance(names, str) else names
