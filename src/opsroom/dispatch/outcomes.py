"""What came of a route, beside what was foreseen; and the drives that learning takes from it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.dispatch.engine_values import place_of, seconds_of
from opsroom.dispatch.models import Order, OrderStatus, Vehicle
from opsroom.dispatch.options import DispatchOptions
from opsroom.dispatch.outcome_models import OperationalOutcome
from opsroom.dispatch.plan_models import Route, RouteStop, StopStatus, StopType
from opsroom.dispatch.planning.problem import Place, TravelBelief
from opsroom.dispatch.planning.travel import GreatCircle

CENT = Decimal("0.01")


async def record_outcome(
    session: AsyncSession,
    options: DispatchOptions,
    route: Route,
    stops: Sequence[RouteStop],
    vehicle: Vehicle,
    kilometres: float | None,
) -> OperationalOutcome:
    """For a route that is completed. Without a distance driven the planned one is taken, and has no error."""
    assert route.departed_at is not None  # noqa: S101  only what departed is completed
    assert route.completed_at is not None  # noqa: S101  as above
    minutes = (route.completed_at - route.departed_at).total_seconds() / 60
    distance = route.total_distance_km if kilometres is None else kilometres
    cost = _cost(vehicle, distance, minutes)
    keys = [stop.order_id for stop in stops]
    orders = {o.order_id: o for o in await session.scalars(select(Order).where(Order.order_id.in_(keys)))}
    delivered = [s for s in stops if s.stop_type is StopType.DELIVERY and s.status is StopStatus.DONE]
    late = [stop for stop in delivered if _came_late(stop, orders[stop.order_id])]
    failed = {s.order_id for s in stops if orders[s.order_id].status is OrderStatus.FAILED}
    revenue = sum((orders[stop.order_id].price_kes for stop in delivered), Decimal(0))
    route.actual_distance_km = distance
    route.actual_duration_minutes = round(minutes, 2)
    route.actual_cost_kes = cost
    outcome = OperationalOutcome(
        outcome_id=f"{route.route_id}-O",
        route_id=route.route_id,
        decision_id=route.decision_id,
        recorded_at=route.completed_at,
        actual_cost_kes=cost,
        actual_duration_minutes=round(minutes, 2),
        actual_distance_km=distance,
        cost_error=_error(float(cost), float(route.estimated_cost_kes)),
        duration_error=_error(minutes, route.estimated_duration_minutes),
        distance_error=None if kilometres is None else _error(distance, route.total_distance_km),
        revenue_kes=revenue,
        profit_kes=revenue - cost,
        on_time_deliveries=len(delivered) - len(late),
        late_deliveries=len(late),
        failed_deliveries=len(failed),
        metrics={"legs": list(_legs(options, route, stops, vehicle)), "load": _load(orders, vehicle)},
    )
    session.add(outcome)
    await session.flush()
    return outcome


def _cost(vehicle: Vehicle, kilometres: float, minutes: float) -> Decimal:
    driving = vehicle.fuel_cost_per_km * Decimal(str(round(kilometres, 3)))
    driver = vehicle.driver_cost_per_hour * Decimal(str(round(minutes, 3))) / 60
    return (vehicle.fixed_cost + driving + driver).quantize(CENT, ROUND_HALF_EVEN)


def _error(actual: float, predicted: float) -> float | None:
    return None if predicted <= 0 else round((actual - predicted) / predicted, 6)


def _came_late(stop: RouteStop, order: Order) -> bool:
    return order.window_end is not None and stop.actual_arrival is not None and stop.actual_arrival > order.window_end


def _load(orders: dict[str, Order], vehicle: Vehicle) -> float:
    weight = sum(order.weight_tonnes for order in orders.values()) / vehicle.capacity_tonnes
    volume = sum(order.volume_m3 for order in orders.values()) / vehicle.capacity_m3
    return round(max(weight, volume), 4)


def _legs(
    options: DispatchOptions, route: Route, stops: Sequence[RouteStop], vehicle: Vehicle
) -> Iterator[dict[str, Any]]:
    """The drives between cities, in the order they were made, the way home included."""
    here, left = place_of(vehicle.current_location), route.departed_at
    visited = sorted((s for s in stops if s.actual_arrival is not None), key=lambda s: (s.actual_arrival, s.stop_id))
    for stop in visited:
        there = place_of(stop.location)
        if left is not None and stop.actual_arrival is not None and there.key != here.key:
            yield from _leg(options, vehicle, here, there, left, stop.actual_arrival)
        here, left = there, stop.actual_departure or stop.actual_arrival
    if vehicle.home_location is not None and left is not None and route.completed_at is not None:
        yield from _leg(options, vehicle, here, place_of(vehicle.home_location), left, route.completed_at)


def _leg(
    options: DispatchOptions, vehicle: Vehicle, here: Place, there: Place, left: datetime, arrived: datetime
) -> Iterator[dict[str, Any]]:
    actual = (arrived - left).total_seconds()
    if here.area == there.area or not here.area or not there.area or actual <= 0:
        return
    belief = TravelBelief(utc_offset=options.utc_offset(left))
    predicted = GreatCircle(belief).matrix((here, there), seconds_of(left)).drive(here, there)
    yield {
        "origin": here.area,
        "destination": there.area,
        "predicted_seconds": predicted,
        "actual_seconds": round(actual),
        "at": seconds_of(left),
        "hour": left.astimezone(options.zone).hour,
        "vehicle_id": vehicle.vehicle_id,
    }
