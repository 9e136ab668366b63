"""One delivery: sent, repeated with growing waits while it fails, and written down each time.

An attempt that was answered but not written down (a worker died in between) is repeated with the same `webhook-id`.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom import __version__
from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Permanent, Retry, Run
from opsroom.core.outgoing import NotAllowed, Outgoing, Unreachable
from opsroom.core.parts import Parts
from opsroom.core.vault import Shut, vault_of
from opsroom.core.webhooks.actions import JOB, Deliver
from opsroom.core.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from opsroom.core.webhooks.signing import signed_headers

# 30 s, 1 min, 2 min … 6 h: given up after some fourteen hours.
RETRY = Retry(attempts=12, base=timedelta(seconds=30), longest=timedelta(hours=6))
GONE = 410
SHOWN = 300  # characters of an answer kept with an attempt


class NotDelivered(Exception):  # noqa: N818  a try that did not do it
    """Raised for an attempt that may succeed later."""


def job_types(parts: Parts) -> list[JobType[Any, Any]]:
    return [Deliverer(parts).job_type()]


class Deliverer:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._outgoing = Outgoing(parts.options["outgoing_networks"])

    def job_type(self) -> JobType[Deliver, dict[str, Any]]:
        return JobType(
            name=JOB, payload=Deliver, compute=self._compute, save=self._save, failed=self._failed, retry=RETRY
        )

    async def _compute(self, payload: Deliver, _run: Run) -> dict[str, Any]:
        async with self._database.transaction() as session:
            delivery = await session.get(WebhookDelivery, payload.delivery_id)
            endpoint = await session.get(WebhookEndpoint, delivery.endpoint_id) if delivery else None
            secret = _opened(session, endpoint) if endpoint else ""
        if delivery is None or endpoint is None:
            raise Permanent("The endpoint was removed.")
        if not endpoint.active:
            raise Permanent("The endpoint is switched off.")
        body = msgspec.json.encode(delivery.payload)
        at = now()
        headers = signed_headers(secret, str(delivery.event_id), int(at.timestamp()), body)
        headers |= {"content-type": "application/json", "user-agent": f"Opsroom/{__version__}"}
        try:
            answer = await self._outgoing.post(endpoint.url, body, headers)
        except (NotAllowed, Unreachable) as error:
            await self._write_down(payload, _try(at, error=str(error)))
            raise (Permanent if isinstance(error, NotAllowed) else NotDelivered)(f"Not sent: {error}.") from error
        tried = _try(at, status=answer.status, milliseconds=round(answer.seconds * 1000))
        if 200 <= answer.status < 300:
            return tried
        tried["error"] = answer.excerpt.decode(errors="replace").replace("\0", "")[:SHOWN]
        await self._write_down(payload, tried)
        sentence = f"The endpoint answered {answer.status}."
        raise Permanent(sentence) if answer.status == GONE else NotDelivered(sentence)

    async def _write_down(self, payload: Deliver, tried: dict[str, Any]) -> None:
        async with self._database.transaction() as session:
            await _add_try(session, payload, tried)

    async def _save(
        self, session: AsyncSession, payload: Deliver, tried: dict[str, Any], _run: Run
    ) -> dict[str, Any] | None:
        delivery = await _add_try(session, payload, tried)
        if delivery is not None:
            delivery.status = DeliveryStatus.DELIVERED
            delivery.delivered_at = now()
        return {"status": tried["status"]}

    async def _failed(self, session: AsyncSession, payload: Deliver, reason: str, _run: Run) -> None:
        delivery = await session.get(WebhookDelivery, payload.delivery_id)
        if delivery is not None:
            delivery.status = DeliveryStatus.FAILED
            delivery.error = reason


def _opened(session: AsyncSession, endpoint: WebhookEndpoint) -> str:
    """Sealed anew when the key of the house has changed, so that the former one may be forgotten."""
    vault = vault_of(session)
    try:
        secret = vault.open(endpoint.secret)
    except Shut as refusal:
        raise Permanent(f"The secret of the endpoint cannot be read; draw a new one. {refusal}") from None
    if not vault.is_of_the_present_key(endpoint.secret):
        endpoint.secret = vault.seal(secret)
    return secret


async def _add_try(session: AsyncSession, payload: Deliver, tried: dict[str, Any]) -> WebhookDelivery | None:
    delivery = await session.get(WebhookDelivery, payload.delivery_id, with_for_update=True)
    if delivery is not None:
        delivery.attempts += 1
        delivery.tries = [*delivery.tries, tried]
        delivery.response_status = tried["status"]
        delivery.error = tried["error"]
    return delivery


def _try(
    at: datetime, status: int | None = None, error: str | None = None, milliseconds: int | None = None
) -> dict[str, Any]:
    return {"at": at.isoformat(), "status": status, "error": error, "milliseconds": milliseconds}
