"""Who acts: the value that every request and every job carries."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that acts, with what it may do.

    name: what the log and the trail print
    user_id: None for the anonymous actor and for the system itself
    session_id: the sign-in this request belongs to
    key_id: the API key that a program came with instead
    must_change_password: may do nothing else before
    permissions: names such as `stores.reports.write`; a superuser has them all
    """

    name: str
    user_id: UUID | None = None
    session_id: UUID | None = None
    permissions: frozenset[str] = frozenset()
    is_superuser: bool = False
    key_id: UUID | None = None
    must_change_password: bool = False

    def may(self, permission: str) -> bool:
        return self.is_superuser or permission in self.permissions


ANONYMOUS = Actor(name="anonymous")
SYSTEM = Actor(name="system", is_superuser=True)
