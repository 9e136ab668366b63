"""`/console/webhooks`: who is told, what was sent, and what came back."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.forms import errors_of
from opsroom.core.console.render import render, see_other
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.resources.crud import create_item, delete_item, update_item
from opsroom.core.webhooks import actions
from opsroom.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from opsroom.core.webhooks.resources import ENDPOINTS
from opsroom.core.webhooks.schemas import EndpointCreate

router = APIRouter(prefix="/console/webhooks", include_in_schema=False)

PATH = "/console/webhooks"
SHOWN = 50

Writer = Annotated[Actor, allow("webhooks.write")]


@router.get("", name="console_webhooks", dependencies=[allow("webhooks.read")])
async def webhooks(request: Request, connection: Reading, status: str = "", before: UUID | None = None) -> Response:
    return await _page(request, connection, status=status, before=before)


@router.post("", name="console_webhooks_add")
async def add(request: Request, session: Unit, database: TheDatabase, actor: Writer) -> Response:
    """A new endpoint, whose secret is shown once."""
    async with request.form() as form:
        sent = {name: str(value).strip() for name, value in form.items()}
    events = [event.strip() for event in sent.get("events", "").split(",") if event.strip()]
    try:
        endpoint = EndpointCreate(url=sent.get("url", ""), description=sent.get("description") or None, events=events)
    except ValidationError as error:
        async with database.reading() as connection:
            return await _page(request, connection, sent=sent, errors=errors_of(error))
    created = await create_item(session, ENDPOINTS, endpoint.model_dump(), actor)
    return await _shown_once(request, session, UUID(str(created.record["id"])))


@router.post("/endpoints/{endpoint_id}/secret", name="console_webhooks_secret")
async def renew(endpoint_id: UUID, request: Request, session: Unit, _actor: Writer) -> Response:
    return await _shown_once(request, session, endpoint_id)


@router.post("/endpoints/{endpoint_id}/test", name="console_webhooks_test")
async def send_test(endpoint_id: UUID, session: Unit, queue: TheQueue, actor: Writer) -> Response:
    await actions.send_test(session, queue, endpoint_id, actor)
    return see_other(PATH, "A test is on its way.")


@router.post("/endpoints/{endpoint_id}/switch", name="console_webhooks_switch")
async def switch(endpoint_id: UUID, session: Unit, actor: Writer) -> Response:
    active = await session.scalar(select(WebhookEndpoint.active).where(WebhookEndpoint.id == endpoint_id))
    await update_item(session, ENDPOINTS, endpoint_id, {"active": not active}, actor)
    return see_other(PATH, "Switched off: nothing is sent there." if active else "Switched on.")


@router.post("/endpoints/{endpoint_id}/remove", name="console_webhooks_remove")
async def remove(endpoint_id: UUID, session: Unit, actor: Writer) -> Response:
    await delete_item(session, ENDPOINTS, endpoint_id, actor)
    return see_other(PATH, "Removed, with what was sent there.")


@router.post("/deliveries/{delivery_id}/redeliver", name="console_webhooks_redeliver")
async def redeliver(delivery_id: UUID, session: Unit, queue: TheQueue, actor: Writer) -> Response:
    await actions.redeliver(session, queue, delivery_id, actor)
    return see_other(PATH, "It is sent once more.")


async def _shown_once(request: Request, session: Unit, endpoint_id: UUID) -> Response:
    secret = await actions.renew_secret(session, endpoint_id)
    return render(request, "webhooks/secret.html", secret=secret)


async def _page(
    request: Request,
    connection: AsyncConnection,
    status: str = "",
    before: UUID | None = None,
    sent: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    endpoints = select(
        WebhookEndpoint.id, WebhookEndpoint.url, WebhookEndpoint.description, WebhookEndpoint.events,
        WebhookEndpoint.active, WebhookEndpoint.created_at,
    ).order_by(WebhookEndpoint.id)  # fmt: skip
    rows = await _deliveries(connection, status, before)
    return render(
        request,
        "webhooks/list.html",
        status=422 if errors else 200,
        endpoints=(await connection.execute(endpoints)).all(),
        deliveries=rows[:SHOWN],
        older=rows[SHOWN - 1].id if len(rows) > SHOWN else None,
        chosen=status,
        query=dict(request.query_params),
        sent=sent or {},
        errors={("events" if name.startswith("events") else name): text for name, text in (errors or {}).items()},
    )


async def _deliveries(connection: AsyncConnection, status: str, before: UUID | None) -> list[Any]:
    query = (
        select(
            WebhookDelivery.id, WebhookDelivery.event_type, WebhookDelivery.status, WebhookDelivery.attempts,
            WebhookDelivery.response_status, WebhookDelivery.error, WebhookDelivery.created_at,
            WebhookDelivery.delivered_at, WebhookDelivery.job_id, WebhookEndpoint.url,
        )
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .order_by(WebhookDelivery.id.desc())
    )  # fmt: skip
    if status in {"pending", "delivered", "failed"}:
        query = query.where(WebhookDelivery.status == status)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    return list((await connection.execute(query.limit(SHOWN + 1))).all())
