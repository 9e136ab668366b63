"""People, their sign-ins, and links that sign in once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import IGNORED, REDACTED
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import one_of


class Role(StrEnum):
    USER = "user"
    MANAGER = "manager"
    ADMIN = "admin"


class SessionKind(StrEnum):
    TOKEN = "token"  # noqa: S105  a kind of sign-in, not a secret
    CONSOLE = "console"


class User(Entity):
    username: Mapped[str] = mapped_column(String(150), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255), info=REDACTED)
    role: Mapped[Role] = mapped_column(one_of(Role), default=Role.USER)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    last_login: Mapped[datetime | None] = mapped_column(info=IGNORED)  # signing in is an event


class Session(Entity):
    """One sign-in. `token_hash` is of the one secret that is good now: a cookie's, or the latest refresh token's."""

    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[SessionKind] = mapped_column(one_of(SessionKind))
    token_hash: Mapped[str] = mapped_column(String(64), info=REDACTED)
    expires_at: Mapped[datetime]
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
