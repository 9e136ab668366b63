"""`/api/v1/webhooks`: what endpoints and deliveries can do beside being listed and changed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Unit
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.webhooks import actions
from opsroom.core.webhooks.schemas import DeliveryRead, NewSecret

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


@router.post("/endpoints/{webhook_endpoint_id}/secret", dependencies=[allow("webhooks.write")])
async def renew_webhook_secret(webhook_endpoint_id: UUID, session: Unit, response: Response) -> NewSecret:
    """Draw a new secret, shown this once; whatever is sent from now on is signed with it."""
    response.headers["Cache-Control"] = "no-store"
    return NewSecret(secret=await actions.renew_secret(session, webhook_endpoint_id))


@router.post("/endpoints/{webhook_endpoint_id}/test", status_code=202)
async def test_webhook_endpoint(
    webhook_endpoint_id: UUID, session: Unit, queue: TheQueue, actor: Annotated[Actor, allow("webhooks.write")]
) -> DeliveryRead:
    """Send an event of the type `webhooks.test`."""
    return DeliveryRead.model_validate(await actions.send_test(session, queue, webhook_endpoint_id, actor))


@router.post("/deliveries/{webhook_delivery_id}/redeliver", status_code=202)
async def redeliver_webhook(
    webhook_delivery_id: UUID, session: Unit, queue: TheQueue, actor: Annotated[Actor, allow("webhooks.write")]
) -> DeliveryRead:
    """Send once more what was delivered or given up, under the same event id."""
    return DeliveryRead.model_validate(await actions.redeliver(session, queue, webhook_delivery_id, actor))
