"""What is looked up and derived when an order, a vehicle or a rule is written down."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid, NotFound
from opsroom.dispatch.models import Customer, Order, OrderStatus, RuleKind, Vehicle
from opsroom.dispatch.places import Gazetteer, gazetteer
from opsroom.dispatch.planning.problem import Place, TravelBelief
from opsroom.dispatch.planning.travel import GreatCircle

NEVER_NONE = frozenset({"order_id", "customer_id", "customer_name", "received_at", "destination_location"})
"""Left out of a record that replaces another, they stay as they are."""
AHEAD = timedelta(minutes=5)  # a caller's clock may be a little fast


async def prepare_order(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], record_id: UUID | None
) -> dict[str, Any]:
    """An order's customer, city and places are looked up; only one that still waits can be changed."""
    known = await gazetteer(session)
    if record_id is None:
        values = await _new_order(session, values, known)
        customer = await session.get_one(Customer, values.pop("customer"))
        order = None
    else:
        order = await _waiting_order(session, record_id)
        values = {name: value for name, value in values.items() if value is not None or name not in NEVER_NONE}
        key, name = values.get("customer_id"), values.get("customer_name")
        customer = await _customer(session, order.customer_id if key is None and name is None else key, name)
        values |= {"customer_id": customer.customer_id, "customer_name": customer.name} if key or name else {}
    values = _placed(known, values, order)
    if "time_window" in values:
        window = values.pop("time_window") or {}
        values |= {"window_start": window.get("start_time"), "window_end": window.get("end_time")}
    whole = values if order is None else _as_it_will_be(order, values)
    return values | {"must_go_by": must_go_by(whole, customer)}


def must_go_by(order: dict[str, Any], customer: Customer) -> datetime | None:
    """The end of its window less the usual drive, or the longest wait agreed, whichever is sooner."""
    longest = customer.constraints.get("max_wait_hours")
    limits = [] if longest is None else [order["received_at"] + timedelta(hours=longest)]
    if order["window_end"] is not None:
        pickup = _place(order["pickup_location"], "pickup")
        delivery = _place(order["destination_location"], "delivery")
        drive = GreatCircle(TravelBelief()).matrix((pickup, delivery), 0).drive(pickup, delivery)
        limits.append(order["window_end"] - timedelta(seconds=drive))
    return min(limits, default=None)


async def prepare_vehicle(
    session: AsyncSession, _actor: Actor, values: dict[str, Any], record_id: UUID | None
) -> dict[str, Any]:
    known = await gazetteer(session)
    for field in ("current_location", "home_location"):
        if values.get(field) is not None:
            values[field] = known.place(values[field], field)
    if record_id is not None and "status" in values:
        vehicle = await session.get_one(Vehicle, record_id, with_for_update=True)
        if vehicle.status.value in {"loading", "en_route"} and values["status"] != vehicle.status:
            raise Conflict(
                f"{vehicle.vehicle_id} is {vehicle.status.value.replace('_', ' ')}: its route says when it is free. "
                "Report the route completed, or broken down.",
                code="vehicle_on_route",
            )
    return values


async def prepare_rule(
    session: AsyncSession, actor: Actor, values: dict[str, Any], _record_id: UUID | None
) -> dict[str, Any]:
    order = await session.scalar(select(Order).where(Order.order_id == values["order_id"]).with_for_update())
    if order is None:
        raise NotFound(f"There is no order {values['order_id']}.", field="order_id")
    vehicle = await session.scalar(select(Vehicle.vehicle_id).where(Vehicle.vehicle_id == values["vehicle_id"]))
    if vehicle is None:
        raise NotFound(f"There is no vehicle {values['vehicle_id']}.", field="vehicle_id")
    if order.status is not OrderStatus.PENDING:
        raise Conflict(f"Order {order.order_id} is {order.status.value}, not waiting.", code="order_not_waiting")
    return values | {"user_id": actor.user_id, "kind": RuleKind(values["kind"])}


async def _new_order(session: AsyncSession, values: dict[str, Any], known: Gazetteer) -> dict[str, Any]:
    at = now()
    received = values.get("received_at") or at
    if received > at + AHEAD:
        raise Invalid(f"received_at: {received.isoformat()} lies in the future.", field="received_at")
    customer = await _customer(session, values.get("customer_id"), values.get("customer_name"))
    if not customer.active:
        raise Conflict(f"Customer {customer.customer_id} is not active.", code="customer_inactive", field="customer_id")
    window = values.get("time_window") or {}
    if window.get("end_time") is not None and window["end_time"] <= received:
        raise Invalid("time_window: it ended before the order was received.", field="time_window")
    city = known.city(values["destination_city"], "destination_city")
    return values | {
        "order_id": values.get("order_id") or f"O-{uuid7().hex[-12:].upper()}",
        "customer": customer.id,
        "customer_id": customer.customer_id,
        "customer_name": customer.name,
        "received_at": received,
        "destination_location": values.get("destination_location") or known.centre(city),
        "time_window": window,
    }


def _placed(known: Gazetteer, values: dict[str, Any], order: Order | None) -> dict[str, Any]:
    values = dict(values)
    if values.get("destination_city") is not None:
        city = known.city(values["destination_city"], "destination_city")
        values["destination_city"] = city
        if order is not None and city != order.destination_city:
            values.setdefault("destination_location", known.centre(city))
    for field in ("pickup_location", "destination_location"):
        if values.get(field) is not None:
            values[field] = known.place(values[field], field)
    return values


async def _waiting_order(session: AsyncSession, record_id: UUID) -> Order:
    order = await session.get_one(Order, record_id, with_for_update=True)
    if order.status is not OrderStatus.PENDING:
        raise Conflict(
            f"Order {order.order_id} is {order.status.value.replace('_', ' ')}; only one that waits can be changed.",
            code="order_not_waiting",
        )
    return order


async def _customer(session: AsyncSession, key: str | None, name: str | None = None) -> Customer:
    meant = Customer.customer_id == key if key is not None else Customer.name == name
    found = (await session.scalars(select(Customer).where(meant).limit(2))).all()
    field, said = ("customer_id", key) if key is not None else ("customer_name", name)
    if not found:
        raise NotFound(f"There is no customer {said}.", code="unknown_customer", field=field)
    if len(found) > 1:
        raise Conflict(f"Several customers are named {said}; give the customer_id.", code="ambiguous", field=field)
    return found[0]


def _as_it_will_be(order: Order, values: dict[str, Any]) -> dict[str, Any]:
    names = ("received_at", "window_start", "window_end", "pickup_location", "destination_location")
    whole = {name: getattr(order, name) for name in names} | values
    start, end = whole["window_start"], whole["window_end"]
    if start is not None and end is not None and end <= start:
        raise Invalid("time_window: it ends before it starts.", field="time_window")
    return whole


def _place(location: dict[str, Any], key: str) -> Place:
    return Place(key, location["lat"], location["lon"])
