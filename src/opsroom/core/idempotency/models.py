"""What a request that may be repeated was answered."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import exempt
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument


class IdempotentAnswer(Entity):
    """A row is inserted first and filled last, in the transaction of what the request did: it is there if that is.

    place: SHA-256 of the path
    fingerprint: SHA-256 of what was asked: query, content type and body
    body: null where the answer shows something only once
    """

    __table_args__ = (
        UniqueConstraint("user_id", "place", "idempotency_key"),
        Index("ix_idempotent_answers_created_at", "created_at"),
        {"info": exempt("answers to be repeated for some hours; what was done is recorded")},
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
