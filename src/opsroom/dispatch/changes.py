"""Whether a decision still rests on what is there: what it would bind is locked, and compared with what it saw."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.dispatch.models import AssignmentRule, Order, OrderStatus, RuleKind, Vehicle, VehicleStatus
from opsroom.dispatch.plan_models import Decision, Route, RouteStatus


class Bound:
    """The rows that committing a decision changes, locked in the order of their names."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.orders: dict[str, Order] = {}
        self.vehicles: dict[str, Vehicle] = {}
        self.replaced: dict[str, Route] = {}
        self.routes: Sequence[Route] = ()
        self._rules: Sequence[AssignmentRule] = ()

    async def lock(self, session: AsyncSession) -> None:
        decision = self.decision
        self.routes = (
            await session.scalars(
                select(Route).where(Route.decision_id == decision.decision_id).order_by(Route.route_id)
            )
        ).all()
        self.orders = await self._locked(session, Order, "order_id", decision.orders_routed)
        used = [route.vehicle_id for route in self.routes]
        self.replaced = await self._locked(session, Route, "route_id", list(decision.versions["routes"]))
        used += [route.vehicle_id for route in self.replaced.values()]
        self.vehicles = await self._locked(session, Vehicle, "vehicle_id", used)
        about = AssignmentRule.order_id.in_(decision.orders_routed)
        self._rules = (await session.scalars(select(AssignmentRule).where(about))).all()

    def changed(self) -> list[dict[str, Any]]:
        """What is no longer as the decision saw it; nothing if it can be carried out."""
        found = [_said("order", key, why) for key in self.decision.orders_routed if (why := self._of_order(key))]
        used = dict.fromkeys(route.vehicle_id for route in self.routes)
        found += [_said("vehicle", key, why) for key in used if (why := self._of_vehicle(key))]
        found += [_said("route", key, why) for key in self.decision.versions["routes"] if (why := self._of_route(key))]
        return found + self._broken_rules()

    def _of_order(self, key: str) -> str | None:
        order = self.orders.get(key)
        if order is None:
            return "it was removed"
        taken_back = order.status is OrderStatus.ASSIGNED and order.route_id in self.replaced
        if order.status is not OrderStatus.PENDING and not taken_back:
            return f"it is {_words(order.status)}" + (f" on {order.route_id}" if order.route_id else "")
        return _version(order.version, self.decision.versions["orders"][key])

    def _of_vehicle(self, key: str) -> str | None:
        vehicle = self.vehicles.get(key)
        if vehicle is None:
            return "it was removed"
        freed = any(route.vehicle_id == key for route in self.replaced.values())
        if vehicle.status is not VehicleStatus.AVAILABLE and not freed:
            return f"it is {_words(vehicle.status)}"
        return _version(vehicle.version, self.decision.versions["vehicles"][key])

    def _of_route(self, key: str) -> str | None:
        route = self.replaced.get(key)
        if route is None:
            return "it was removed"
        if route.status is not RouteStatus.DISPATCHED or route.departed_at is not None:
            return f"it is {_words(route.status)}"
        return _version(route.version, self.decision.versions["routes"][key])

    def _broken_rules(self) -> list[dict[str, Any]]:
        carrier = {key: route.vehicle_id for route in self.routes for key in route.orders}
        return [
            _said("rule", rule.order_id, f"{rule.kind.value} to {rule.vehicle_id} was said since")
            for rule in self._rules
            if (rule.kind is RuleKind.PIN) != (carrier[rule.order_id] == rule.vehicle_id)
        ]

    async def _locked(self, session: AsyncSession, model: Any, key: str, names: Sequence[str]) -> dict[str, Any]:
        column = getattr(model, key)
        query = select(model).where(column.in_(sorted(set(names)))).order_by(column)
        rows = await session.scalars(query.with_for_update().execution_options(populate_existing=True))
        return {getattr(row, key): row for row in rows}


def _version(now: int, then: int) -> str | None:
    return None if now == then else "it was changed"


def _words(status: Any) -> str:
    return str(status.value).replace("_", " ")


def _said(kind: str, key: str, what: str) -> dict[str, Any]:
    return {"kind": kind, "id": key, "what": what}
