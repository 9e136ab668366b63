"""Endpoints and deliveries from outside. A secret goes in and never comes out."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from opsroom.core.outgoing import NotAllowed, Outgoing
from opsroom.core.webhooks.models import DeliveryStatus
from opsroom.core.webhooks.signing import key_of


def _usable(secret: str | None) -> str | None:
    if secret is not None:
        key_of(secret)
    return secret


def _web_address(url: str) -> str:
    """Its form only; which networks may be reached is decided when something is sent."""
    try:
        Outgoing(EVERYWHERE).check(url)
    except NotAllowed as refusal:
        raise ValueError(str(refusal)) from None
    return url


EVERYWHERE = ("0.0.0.0/0", "::/0")
EventPattern = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$", max_length=100)]


class EndpointCreate(BaseModel):
    url: Annotated[str, AfterValidator(_web_address)] = Field(
        max_length=2000, examples=["https://hooks.example.com/opsroom"]
    )
    description: str | None = Field(None, max_length=200)
    events: list[EventPattern] = Field(
        min_length=1,
        max_length=50,
        examples=[["stores.incident.*", "stores.sla.breached"]],
        description="names of events; `stores.*` stands for all that begin so, `*` for all",
    )
    secret: Annotated[str | None, AfterValidator(_usable)] = Field(
        None,
        max_length=200,
        description="`whsec_` and base64; without one it is drawn, and shown by asking for a new one",
    )
    active: bool = True


class EndpointRead(BaseModel):
    id: UUID
    url: str
    description: str | None
    events: list[str]
    active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class DeliveryRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    endpoint_id: UUID
    event_id: UUID = Field(description="the header webhook-id: the same in every attempt")
    event_type: str
    payload: dict[str, Any]
    status: DeliveryStatus
    attempts: int
    tries: list[dict[str, Any]] = Field(description="what came of each attempt: at, status, error, milliseconds")
    response_status: int | None
    error: str | None
    delivered_at: datetime | None
    job_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class NewSecret(BaseModel):
    secret: str = Field(description="shown this once")
