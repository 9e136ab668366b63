"""Endpoints and deliveries, declared."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.core.vault import vault_of
from opsroom.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from opsroom.core.webhooks.schemas import DeliveryRead, EndpointCreate, EndpointRead
from opsroom.core.webhooks.signing import new_secret


async def _prepare(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], endpoint_id: UUID | None
) -> dict[str, Any]:
    kept = {name: value for name, value in values.items() if name != "secret"}
    secret = values.get("secret") or (new_secret() if endpoint_id is None else None)
    return kept if secret is None else kept | {"secret": vault_of(session).seal(secret)}


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
