"""Telling others: an event becomes one delivery for each endpoint that wants it, in the transaction of its cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import SYSTEM, Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.vault import vault_of
from opsroom.core.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from opsroom.core.webhooks.signing import new_secret

JOB = "webhooks.deliver"
TEST = "webhooks.test"


class Deliver(BaseModel):
    delivery_id: UUID


@dataclass(frozen=True, slots=True)
class Event:
    """type: `<app>.<noun>.<what happened>`; data: JSON; at: when it happened"""

    type: str
    data: dict[str, Any]
    at: datetime


async def announce(session: AsyncSession, queue: JobQueue, events: Sequence[Event]) -> int:
    """Queue each event for every active endpoint that asked for its kind; gives the number of deliveries."""
    if not events:
        return 0
    endpoints = (await session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.active))).all()
    deliveries = [
        delivery
        for event in events
        for delivery in _deliveries([each for each in endpoints if wants(each.events, event.type)], event)
    ]
    await _send(session, queue, deliveries, SYSTEM)
    return len(deliveries)


async def send_test(session: AsyncSession, queue: JobQueue, endpoint_id: UUID, actor: Actor) -> WebhookDelivery:
    endpoint = await _endpoint(session, endpoint_id)
    data = {"sent_by": actor.name, "endpoint_id": str(endpoint.id)}
    deliveries = _deliveries([endpoint], Event(TEST, data, now()))
    await _send(session, queue, deliveries, actor)
    return await session.get_one(WebhookDelivery, deliveries[0]["id"])


async def renew_secret(session: AsyncSession, endpoint_id: UUID) -> str:
    """Draw a new secret; whatever is sent from now on is signed with it."""
    endpoint = await _endpoint(session, endpoint_id)
    secret = new_secret()
    endpoint.secret = vault_of(session).seal(secret)
    return secret


async def redeliver(session: AsyncSession, queue: JobQueue, delivery_id: UUID, actor: Actor) -> WebhookDelivery:
    """Send again what was sent or given up, under the same event id.

    Raises:
        NotFound, Conflict: there is no such delivery, or it is on its way.
    """
    delivery = await session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}.")
    if delivery.status is DeliveryStatus.PENDING:
        raise Conflict("It is on its way already.", code="delivery_pending")
    delivery.status = DeliveryStatus.PENDING
    job = await queue.add(session, JOB, Deliver(delivery_id=delivery.id), actor=actor)
    delivery.job_id = job.id
    await session.flush()
    return delivery


def wants(patterns: Sequence[str], event_type: str) -> bool:
    return any(
        pattern in {"*", event_type} or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))
        for pattern in patterns
    )


def _deliveries(endpoints: Sequence[WebhookEndpoint], event: Event) -> list[dict[str, Any]]:
    event_id = uuid7()
    payload = {"type": event.type, "timestamp": event.at.isoformat(), "data": event.data}
    return [
        {
            "id": uuid7(),
            "endpoint_id": endpoint.id,
            "event_id": event_id,
            "event_type": event.type,
            "payload": payload,
        }
        for endpoint in endpoints
    ]


async def _send(session: AsyncSession, queue: JobQueue, deliveries: Sequence[dict[str, Any]], actor: Actor) -> None:
    """Thousands at once, when a whole fleet went down: so all jobs are inserted together, and all deliveries."""
    if not deliveries:
        return
    jobs = await queue.add_many(session, JOB, [Deliver(delivery_id=each["id"]) for each in deliveries], actor=actor)
    rows = [each | {"job_id": job} for each, job in zip(deliveries, jobs, strict=True)]
    await session.execute(insert(WebhookDelivery), rows)


async def _endpoint(session: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = await session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None:
        raise NotFound(f"There is no webhook endpoint {endpoint_id}.")
    return endpoint
