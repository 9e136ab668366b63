"""The sweep over incidents: what opened or closed since the last look is told once.

The figures of pages and reports never come from here: they are computed from the polls. A sweep looks at the last two
days before the latest poll, so a late poll may still move, end or withdraw an incident that was told of. History that
is imported later is not news: of incidents that had ended before the last look nobody is told.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.webhooks.actions import Event, announce
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import instant
from opsroom.stores.fleet import account
from opsroom.stores.models import Store
from opsroom.stores.options import StoresOptions, options_from
from opsroom.stores.snapshot import Span, latest_observation, read_snapshot
from opsroom.stores.sweep.compared import Seen, compared
from opsroom.stores.sweep.models import AnnouncedIncident, SweepMark
from opsroom.stores.uptime import DAY, Window

JOB = "stores.sweep"
MARK = "incidents"
OPENED, CLOSED = "stores.incident.opened", "stores.incident.closed"
LOOKED_AT = 2 * DAY
WITHDRAWN = "withdrawn"
AT_ONCE = 500  # stores looked up by id in one query


@dataclass(frozen=True, slots=True)
class Look:
    """window: what was looked at; news: incidents that end after this instant are told of; None: only open ones"""

    window: Window
    news: datetime | None
    seen: list[Seen]


class Sweep:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._options = options_from(parts.options)

    def job_type(self) -> JobType[NoPayload, Look | None]:
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save, every=timedelta(minutes=5))

    async def _compute(self, _payload: NoPayload, _run: Run) -> Look | None:
        database = self._parts.database
        async with database.reading() as connection:
            seen_to = await connection.scalar(select(SweepMark.seen_to).where(SweepMark.name == MARK))
        return await asyncio.to_thread(_look, History(database, self._parts.blobs), self._options, seen_to)

    async def _save(
        self, session: AsyncSession, _payload: NoPayload, look: Look | None, _run: Run
    ) -> dict[str, Any] | None:
        if look is None:
            return None
        events = await _tell(session, look)
        await session.merge(SweepMark(name=MARK, seen_to=look.window.end, swept_at=now()))
        deliveries = await announce(session, self._parts.queue, events)
        return {"seen_to": instant(look.window.end).isoformat(), "events": len(events), "deliveries": deliveries}


def _look(history: History, options: StoresOptions, seen_to: int | None) -> Look | None:
    latest = latest_observation(history.database)
    if latest is None:
        return None
    window = Window("sweep", min(latest, seen_to or latest) - LOOKED_AT, latest)
    snapshot = read_snapshot(history, Span(window.start, window.end, latest))
    found = account(snapshot, window, options.strict, options.default_zone).incidents
    seen = [
        Seen(
            row["store_id"],
            instant(row["start"]),
            None if row["ongoing"] else instant(row["end"]),
            row["downtime"],
            row["followed_by"],
        )
        for row in found.iter_rows(named=True)
    ]
    return Look(window, None if seen_to is None else instant(seen_to), seen)


async def _tell(session: AsyncSession, look: Look) -> list[Event]:
    """Bring what was told up to what is seen, and say what is new."""
    told = await _told_before(session, look)
    changes = compared(told, look.seen, look.news)
    keys = await _store_keys(session, {each.store_id for each in changes.opened})
    events = []
    for incident, store_id, each in changes.closed:
        _close(incident, look, each)
        events.append(Event(CLOSED, _facts(store_id, incident, look), incident.ended_at or now()))
    for each in changes.opened:
        incident = AnnouncedIncident(store_id=keys[each.store_id], started_at=each.start, downtime_us=each.downtime_us)
        session.add(incident)
        events.append(Event(OPENED, _facts(each.store_id, incident, look), each.start))
        if each.end is not None:
            _close(incident, look, each)
            events.append(Event(CLOSED, _facts(each.store_id, incident, look), each.end))
    await session.flush()
    return events


async def _told_before(session: AsyncSession, look: Look) -> list[tuple[str, AnnouncedIncident]]:
    """What was told and is open, or ended within the window, with the store's external id."""
    recent = AnnouncedIncident.ended_at >= instant(look.window.start)
    query = (
        select(Store.external_id, AnnouncedIncident)
        .join(Store, Store.id == AnnouncedIncident.store_id)
        .where(or_(AnnouncedIncident.ended_at.is_(None), recent))
        .order_by(AnnouncedIncident.started_at)
    )
    return [(external_id, incident) for external_id, incident in await session.execute(query)]


async def _store_keys(session: AsyncSession, names: set[str]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for some in batched(sorted(names), AT_ONCE):
        query = select(Store.external_id, Store.id).where(Store.external_id.in_(some))
        found |= {row.external_id: row.id for row in await session.execute(query)}
    return found


def _close(incident: AnnouncedIncident, look: Look, seen: Seen | None) -> None:
    """With the end that is seen; without one, what was told turned out to be nothing."""
    incident.ended_at = instant(look.window.end) if seen is None else seen.end
    incident.downtime_us = 0 if seen is None else seen.downtime_us
    incident.followed_by = WITHDRAWN if seen is None else seen.followed_by


def _facts(store_id: str, incident: AnnouncedIncident, look: Look) -> dict[str, Any]:
    return {
        "store_id": store_id,
        "started_at": incident.started_at.isoformat(),
        "began_before_sight": incident.started_at == instant(look.window.start),
        "ended_at": incident.ended_at.isoformat() if incident.ended_at else None,
        "downtime_us": incident.downtime_us,
        "followed_by": incident.followed_by,
        "as_of": instant(look.window.end).isoformat(),
    }


def batched(names: list[str], size: int) -> Iterator[list[str]]:
    return (names[place : place + size] for place in range(0, len(names), size))
