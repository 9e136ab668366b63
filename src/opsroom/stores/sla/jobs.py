"""Jobs of service levels: statements of months, and breaches as they happen."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import NotFound
from opsroom.core.jobs.handler import JobType, Permanent, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.core.webhooks.actions import Event, announce
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import instant
from opsroom.stores.options import options_from
from opsroom.stores.sla.models import SlaBreach, SlaPolicy, SlaStatement, SlaWindow
from opsroom.stores.sla.policies import active_policies, find_policy
from opsroom.stores.sla.standing import WHOLE, Standing, standing_of
from opsroom.stores.sla.statements import (
    FIRST,
    LATER,
    REVISED,
    Draft,
    draft,
    due_months,
    issue,
    latest_revisions,
    summary_of,
    terms_for,
)
from opsroom.stores.snapshot import latest_observation

STATEMENTS = "stores.sla_statements"
BREACHES = "stores.sla_breaches"
BREACHED = "stores.sla.breached"


class StatementsWanted(BaseModel):
    """One month of one policy, for a reason, as a person asks for it; or nothing: whatever is due."""

    policy_id: UUID | None = None
    month: date | None = None
    reason: str | None = None


class Statements:
    """Issues what is due and revises what the polls contradict.

    When business hours or zones were changed since, a difference may come from those and not from the polls: then
    nothing is issued by itself, and the job's result says which months wait for a person.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._history = History(parts.database, parts.blobs)
        self._options = options_from(parts.options)

    def job_type(self) -> JobType[StatementsWanted, list[Draft]]:
        return JobType(
            name=STATEMENTS, payload=StatementsWanted, compute=self._compute, save=self._save, every=timedelta(hours=6)
        )

    async def _compute(self, payload: StatementsWanted, run: Run) -> list[Draft]:
        drafts = []
        for policy, months, issued in await self._policies(payload):
            for number, month in enumerate(months):
                await run.progress(number / len(months), f"{policy.name}, {month:%Y-%m}")
                terms = terms_for(policy, issued.get(month))
                drafted = await draft(self._history, self._options, policy, month, terms)
                if drafted is not None:
                    drafts.append(drafted)
                elif payload.policy_id is not None:
                    raise Permanent("The month is not over as far as the polls go, or no store belongs to the policy.")
        return drafts

    async def _policies(self, wanted: StatementsWanted) -> list[tuple[SlaPolicy, list[date], dict[date, SlaStatement]]]:
        """Policies with the months that are not stated yet, and the latest ones, to be looked at again."""
        database = self._parts.database
        if wanted.policy_id is None:
            policies = await active_policies(database)
        else:
            policies = [await find_policy(database, wanted.policy_id)]
        latest = await asyncio.to_thread(latest_observation, database)
        today = instant(latest or 0).date()  # as far as the polls go
        found = []
        for policy in policies:
            if policy.window is SlaWindow.ROLLING:
                continue
            async with database.reading() as connection, AsyncSession(connection) as session:
                issued = await latest_revisions(session, policy.id)
                session.expunge_all()
            months = list(due_months(policy, today))
            due = [month for month in months if month not in issued or month in months[-REVISED:]]
            found.append((policy, due if wanted.month is None else [wanted.month], issued))
        return found

    async def _save(
        self, session: AsyncSession, payload: StatementsWanted, drafts: list[Draft], run: Run
    ) -> dict[str, Any] | None:
        issued, waiting = [], []
        for drafted in drafts:
            before = (await latest_revisions(session, drafted.policy_id)).get(drafted.period)
            if before is not None and before.inputs["lines"] == drafted.inputs["lines"]:
                continue
            if payload.reason is None and before is not None and before.inputs["hours"] != drafted.inputs["hours"]:
                waiting.append(summary_of(before))
                continue
            reason = payload.reason or (FIRST if before is None else LATER)
            by = Actor(run.requested_by, run.user_id)
            statement = await issue(session, self._parts.blobs, drafted, before, reason, by)
            issued.append(summary_of(statement))
        return {"issued": issued, "hours_changed": waiting}


class Breaches:
    """Tells of each promise that is broken, once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._history = History(parts.database, parts.blobs)
        self._options = options_from(parts.options)

    def job_type(self) -> JobType[NoPayload, list[tuple[SlaPolicy, Standing]]]:
        return JobType(
            name=BREACHES, payload=NoPayload, compute=self._compute, save=self._save, every=timedelta(hours=1)
        )

    async def _compute(self, _payload: NoPayload, run: Run) -> list[tuple[SlaPolicy, Standing]]:
        policies = await active_policies(self._parts.database)
        found = []
        for number, policy in enumerate(policies):
            await run.progress(number / len(policies), policy.name)
            try:
                found.append((policy, await standing_of(self._history, self._options, policy)))
            except NotFound:
                continue  # no store, or no poll: nothing can be broken
        return found

    async def _save(
        self, session: AsyncSession, _payload: NoPayload, found: list[tuple[SlaPolicy, Standing]], _run: Run
    ) -> dict[str, Any] | None:
        told = 0
        for policy, stands in found:
            told += await self._tell(session, policy, stands)
        return {"policies": len(found), "breaches": told}

    async def _tell(self, session: AsyncSession, policy: SlaPolicy, stands: Standing) -> int:
        rolling = policy.window is SlaWindow.ROLLING
        known = await _known(session, policy.id, None if rolling else _period(stands))
        broken = {row["store_id"]: row for row in stands.breached}
        if rolling:
            await _end(session, [breach for subject, breach in known.items() if subject not in broken], stands)
        new = {subject: row for subject, row in broken.items() if subject not in known}
        if new:
            # A fleet may break its promise all at once.
            await session.execute(
                insert(SlaBreach), [_breach(policy, stands, subject, row) for subject, row in new.items()]
            )
        at = instant(stands.as_of)
        told = [Event(BREACHED, _told(policy, stands, subject, row), at) for subject, row in new.items()]
        await announce(session, self._parts.queue, told)
        return len(told)


def _period(stands: Standing) -> date:
    """The month's first day; of a rolling window the day up to which it reaches."""
    # Half a day into the window is on its first local day in every zone.
    half_a_day = timedelta(hours=12)
    return (instant(stands.window.start) + half_a_day).date()


async def _known(session: AsyncSession, policy_id: UUID, period: date | None) -> dict[str, SlaBreach]:
    query = select(SlaBreach).where(SlaBreach.policy_id == policy_id)
    query = query.where(SlaBreach.ended_at.is_(None) if period is None else SlaBreach.period == period)
    return {breach.subject: breach for breach in await session.scalars(query)}


async def _end(session: AsyncSession, recovered: list[SlaBreach], stands: Standing) -> None:
    keys = [breach.id for breach in recovered]
    if keys:
        values = {"ended_at": instant(stands.as_of), "version": SlaBreach.version + 1, "updated_at": now()}
        await session.execute(
            update(SlaBreach).where(SlaBreach.id.in_(keys)).values(values).execution_options(synchronize_session=False)
        )


def _breach(policy: SlaPolicy, stands: Standing, subject: str, row: dict[str, Any]) -> dict[str, Any]:
    rolling = policy.window is SlaWindow.ROLLING
    return {
        "policy_id": policy.id,
        "subject": subject,
        "period": instant(stands.as_of).date() if rolling else _period(stands),
        "began_at": instant(stands.as_of),
        "ended_at": None,
        "availability": row["availability"],
        "down_us": row["down"],
        "budget_us": row["budget"],
    }


def _told(policy: SlaPolicy, stands: Standing, subject: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "policy_id": str(policy.id),
        "policy": policy.name,
        "target": policy.target,
        "store_id": None if subject == WHOLE else subject,
        "start": instant(stands.window.start).isoformat(),
        "end": instant(stands.window.end).isoformat(),
        "as_of": instant(stands.as_of).isoformat(),
        "availability": row["availability"],
        "down_us": row["down"],
        "budget_us": row["budget"],
    }
