"""Who wants to be told, and what they were told."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import REDACTED
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import JsonDocument, one_of


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookEndpoint(Entity):
    """events: names such as `stores.incident.opened`; `stores.*` stands for all that begin so, `*` for all
    secret: `whsec_` and base64, as Standard Webhooks writes it; never shown again after it was set;
        sealed in the `vault`
    """

    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str | None] = mapped_column(String(200))
    events: Mapped[list[str]] = mapped_column(JsonDocument)
    secret: Mapped[str] = mapped_column(String(200), info=REDACTED)
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class WebhookDelivery(Entity):
    """One event for one endpoint.

    event_id: the same for all endpoints and all attempts, so that a receiver can tell a repetition
    tries: what came of each attempt: at, status, error, milliseconds
    """

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id", name="uq_webhook_deliveries_event"),
        Index("ix_webhook_deliveries_status_created_at", "status", "created_at"),
    )

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    event_type: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonDocument)
    status: Mapped[DeliveryStatus] = mapped_column(one_of(DeliveryStatus), default=DeliveryStatus.PENDING)
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    tries: Mapped[list[dict[str, Any]]] = mapped_column(JsonDocument, default=list)
    response_status: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
