"""People, their sign-ins, links that sign in once, and keys for their programs."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import IGNORED, PLAIN, REDACTED
from opsroom.core.clock import now
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of

# When these columns came. What was there before them counts from then: SQLite cannot add a column whose default is the
# present.
BEGUN = "2026-11-20 00:00:00+00:00"


class Role(StrEnum):
    USER = "user"
    MANAGER = "manager"
    ADMIN = "admin"


class SessionKind(StrEnum):
    TOKEN = "token"  # noqa: S105  a kind of sign-in, not a secret
    CONSOLE = "console"


class User(Entity):
    """grants: permissions of this person beside those of the role
    failed_sign_ins: wrong passwords since the last right one; they and the lock they bring are events of the trail
    """

    username: Mapped[str] = mapped_column(String(150), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255), info=REDACTED)
    role: Mapped[Role] = mapped_column(one_of(Role), default=Role.USER)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    grants: Mapped[list[str]] = mapped_column(JsonDocument, default=list, server_default=text("'[]'"))
    last_login: Mapped[datetime | None] = mapped_column(info=IGNORED)  # signing in is an event
    failed_sign_ins: Mapped[int] = mapped_column(default=0, server_default=text("0"), info=IGNORED)
    locked_until: Mapped[datetime | None] = mapped_column(info=IGNORED)
    password_changed_at: Mapped[datetime] = mapped_column(default=now, server_default=BEGUN, info=PLAIN)
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=text("false"), info=PLAIN)


class Session(Entity):
    """One sign-in.

    token_hash: of the one secret that is good now: a cookie's, or the latest refresh token's
    last_seen_at: when the console was last used, to about a minute
    """

    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[SessionKind] = mapped_column(one_of(SessionKind))
    token_hash: Mapped[str] = mapped_column(String(64), info=REDACTED)
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(default=now, server_default=BEGUN, info=IGNORED)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(40))
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(400))


class SignInLink(Entity):
    """A link that signs one person in once, as the one printed at the first start."""

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info=REDACTED)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Entity):
    """What a program of a person carries instead of a password.

    hint: how the key begins, so that a key that was found can be told from the others
    scopes: the most it may do; what its owner may not do, it may not either
    last_used_at: to about a minute
    """

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True, info=REDACTED)
    hint: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[list[str]] = mapped_column(JsonDocument)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None] = mapped_column(info=IGNORED)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(40))
