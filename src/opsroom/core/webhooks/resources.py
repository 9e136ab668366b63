"""Endpoints and deliveries, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from opsroom.core.webhooks.schemas import DeliveryRead, EndpointCreate, EndpointRead
from opsroom.core.webhooks.signing import new_secret


async def _prepare(
    _session: AsyncSession, _actor: Actor, values: dict[str, Any], endpoint_id: UUID | None
) -> dict[str, Any]:
    if values.get("secret") is not None:
        return values
    kept = {name: value for name, value in values.items() if name != "secret"}
    return kept | {"secret": new_secret()} if endpoint_id is None else kept


ENDPOINTS = Resource(
    model=WebhookEndpoint,
    prefix="/api/v1/webhooks/endpoints",
    tags=("webhooks",),
    read=EndpointRead,
    create=EndpointCreate,
    update=patch_of(EndpointCreate),
    permission="webhooks",
    search=("url", "description"),
    prepare=_prepare,
    presentation=Presentation(label="url", listed=False),
)

DELIVERIES = Resource(
    model=WebhookDelivery,
    prefix="/api/v1/webhooks/deliveries",
    tags=("webhooks",),
    read=DeliveryRead,
    permission="webhooks",
    search=("event_type",),
    presentation=Presentation(label="event_type", listed=False),
)
