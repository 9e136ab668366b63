"""Demonstration data: four days of a freight operator, decided, driven and learned from, by the app's own actions."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import SYSTEM
from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.resources.crud import create_item
from opsroom.dispatch.arriving import stops_of_route
from opsroom.dispatch.committing import commit
from opsroom.dispatch.deciding import Question, decide
from opsroom.dispatch.demo_data import SEED, Wish, customers, vehicles, wishes
from opsroom.dispatch.driving import report_event
from opsroom.dispatch.event_schemas import EventReport
from opsroom.dispatch.learning import JOB as LEARN
from opsroom.dispatch.models import Customer
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.outcome_models import EventType
from opsroom.dispatch.plan_models import Decision, DecisionType, Route, StopType
from opsroom.dispatch.proposals import write_down
from opsroom.dispatch.resources import ORDERS
from opsroom.dispatch.schemas import OrderCreate
from opsroom.dispatch.snapshot import read_state
from opsroom.dispatch.travelling import travelled

JOB = "dispatch.demo"
DAYS = 4
HOURS = (7, 12, 17)  # local hours of decisions
ITERATIONS = 30
SPREAD = 0.08  # of the logarithm of driving times
SLOW = {"Nakuru": 1.12, "Kitale": 1.2}  # drives to these take longer than the built-in times say


class DemoLoader:
    """The job type `dispatch.demo`: nothing, or all of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._options: DispatchOptions = options_from(parts.options)

    def job_type(self) -> JobType[NoPayload, None]:
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save)

    async def _compute(self, _payload: NoPayload, run: Run) -> None:
        await run.progress(0.1, "four days of freight")

    async def _save(self, session: AsyncSession, _payload: NoPayload, _found: None, _run: Run) -> dict[str, Any]:
        if await session.scalar(select(Customer.id).limit(1)) is not None:
            return {"loaded": False, "why": "there are customers already"}
        session.add_all([*customers(), *vehicles()])
        await session.flush()
        until = now().replace(microsecond=0)
        today = until.astimezone(self._options.zone).replace(hour=0, minute=0, second=0)
        story = _Story(session, self._parts, self._options, until)
        await story.tell(list(wishes(today - timedelta(days=DAYS - 1), until)))
        await self._parts.queue.add(session, LEARN, NoPayload())
        return {"loaded": True, "orders": story.orders, "decisions": story.decisions}


class _Story:
    def __init__(self, session: AsyncSession, parts: Parts, options: DispatchOptions, until: datetime) -> None:
        self._session = session
        self._queue = parts.queue
        self._options = options
        self._until = until
        self._to_come: list[tuple[datetime, str, EventReport]] = []
        self.orders = self.decisions = 0

    async def tell(self, orders: Sequence[Wish]) -> None:
        waiting = iter(orders)
        pending = next(waiting, None)
        for at in self._decision_times(orders):
            while pending is not None and pending.received_at <= at:
                await self._receive(pending)
                pending = next(waiting, None)
            await self._drive_until(at)
            # The last one stays a proposal, for the dispatcher who looks at it first.
            await self._decide(at, binding=at < self._until)

    def _decision_times(self, orders: Sequence[Wish]) -> Iterator[datetime]:
        day = orders[0].received_at.astimezone(self._options.zone).replace(hour=0, minute=0, second=0)
        for number in range(DAYS):
            for hour in HOURS:
                at = day + timedelta(days=number, hours=hour)
                # Those of the last hours are left, so that there is something to decide about.
                if at < self._until - timedelta(hours=3):
                    yield at
        yield self._until

    async def _receive(self, wish: Wish) -> None:
        values = OrderCreate.model_validate(wish.values).model_dump()
        await create_item(self._session, ORDERS, values, SYSTEM)
        self.orders += 1

    async def _decide(self, at: datetime, *, binding: bool) -> None:
        seen = await read_state(self._session, self._options, at)
        policy = "pfa" if binding else "best"
        question = Question(policy, seed=SEED, iterations=ITERATIONS if binding else 10 * ITERATIONS)
        decided = await asyncio.to_thread(decide, seen.state, travelled(seen.state, None), question)
        row = await write_down(
            self._session, seen, decided, kind=DecisionType.SCHEDULED, requested_by="demonstration", job_id=None
        )
        self.decisions += 1
        if binding and row.orders_routed:
            await commit(self._session, self._queue, row.decision_id, SYSTEM)
            await self._foresee(row)

    async def _foresee(self, decision: Decision) -> None:
        """What the drivers of its routes will report, later."""
        generator = np.random.default_rng([SEED, self.decisions])
        query = select(Route).where(Route.decision_id == decision.decision_id).order_by(Route.route_id)
        for route in await self._session.scalars(query):
            self._to_come += [(at, route.route_id, report) async for at, report in self._reports(route, generator)]
        self._to_come.sort(key=lambda each: (each[0], each[1]))

    async def _reports(self, route: Route, generator: np.random.Generator) -> Any:
        at = route.leaves_at + timedelta(minutes=int(generator.integers(0, 20)))
        yield at, EventReport(type=EventType.DEPARTED, at=at)
        planned = home = route.leaves_at
        for stop in await stops_of_route(self._session, route.route_id):
            home = stop.planned_departure
            if stop.stop_type is StopType.PICKUP:
                planned = stop.planned_departure
                continue
            factor = SLOW.get(stop.location.get("city") or "", 1.0) * float(
                np.exp(SPREAD * generator.standard_normal())
            )
            at += (stop.planned_arrival - planned) * factor
            yield at, EventReport(type=EventType.ARRIVED, at=at, stop_id=stop.stop_id)
            at += timedelta(minutes=stop.service_minutes + int(generator.integers(0, 15)))
            refused = generator.random() < 0.03
            kind = EventType.FAILED if refused else EventType.DELIVERED
            reason = "nobody to take it" if refused else None
            yield at, EventReport(type=kind, at=at, stop_id=stop.stop_id, reason=reason)
            planned = stop.planned_departure
        at += (route.returns_at - home) * float(np.exp(SPREAD * generator.standard_normal()))
        kilometres = round(route.total_distance_km * float(np.exp(0.03 * generator.standard_normal())), 1)
        yield at, EventReport(type=EventType.COMPLETED, at=at, distance_km=kilometres)

    async def _drive_until(self, at: datetime) -> None:
        while self._to_come and self._to_come[0][0] <= at:
            _, route_id, report = self._to_come.pop(0)
            await report_event(self._session, self._queue, self._options, route_id, report, SYSTEM)
