"""Statements of months: issued once a month is over, never changed, revised when the polls tell another story."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.errors import NotFound
from opsroom.core.storage.blobs import Blob, Blobs
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.core.tabular.frames import neutralised
from opsroom.stores.account_tables import MEASURES as WORDS
from opsroom.stores.account_tables import in_percent, in_units
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import instant
from opsroom.stores.options import StoresOptions
from opsroom.stores.selection import selected_sites
from opsroom.stores.sla.models import AppliesTo, SlaPolicy, SlaStatement, Verdict
from opsroom.stores.sla.standing import Standing, Terms, month_of, selection_of, span_of, standing, zone_of
from opsroom.stores.snapshot import Snapshot, latest_observation, read_snapshot
from opsroom.stores.uptime import HOUR

REVISED = 2  # so many months back the polls are looked at again
FIRST = "The month is over."
LATER = "Polls or maintenance of the month came to light after the statement."


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement as it would be issued now.

    inputs: SHA-256 of the business hours with the zones, and of the lines
    """

    policy_id: UUID
    period: date
    found: Standing
    zone: str
    lines: pl.DataFrame
    inputs: dict[str, str]


async def draft(history: History, options: StoresOptions, policy: SlaPolicy, month: date, terms: Terms) -> Draft | None:
    """None while the month is not over as far as the polls go, or its scope has no store."""
    async with history.database.reading() as connection:
        try:
            sites = await selected_sites(connection, selection_of(policy))
        except NotFound:
            return None
    return await asyncio.to_thread(_drafted, history, options, policy, month, terms, sites)


def due_months(policy: SlaPolicy, latest: date) -> Iterator[date]:
    """The first days of the months that are stated or looked at again, oldest first."""
    month = policy.effective_from.replace(day=1)
    while month < latest.replace(day=1):
        yield month
        month = next_month(month)


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


async def latest_revisions(session: AsyncSession, policy_id: UUID) -> dict[date, SlaStatement]:
    rows = await session.scalars(
        select(SlaStatement).where(SlaStatement.policy_id == policy_id).order_by(SlaStatement.revision)
    )
    return {row.period: row for row in rows}


async def issue(
    session: AsyncSession, blobs: Blobs, drafted: Draft, before: SlaStatement | None, reason: str, by: Actor
) -> SlaStatement:
    """Insert the first statement of a month, or the revision after `before`."""
    artifact = await _kept(session, drafted, await blobs.keep_bytes(statement_csv(drafted)), by)
    whole, found = drafted.found.whole, drafted.found
    breached = found.stores.filter(state="breached").height
    statement = SlaStatement(
        policy_id=drafted.policy_id,
        period=drafted.period,
        revision=1 if before is None else before.revision + 1,
        reason=reason,
        start=instant(found.window.start),
        end=instant(found.window.end),
        zone=drafted.zone,
        terms=found.terms.as_document(),
        stores=found.stores.height,
        stores_breached=breached,
        open_us=whole["open"],
        up_us=whole["up"],
        down_us=whole["down"],
        unknown_us=whole["unknown"],
        availability=whole["availability"],
        verdict=_verdict(found, breached),
        inputs=drafted.inputs,
        artifact_id=artifact.id,
        issued_by=by.name,
    )
    session.add(statement)
    await session.flush()
    return statement


def terms_for(policy: SlaPolicy, before: SlaStatement | None) -> Terms:
    """A revision speaks in the terms of the first statement; what was promised then cannot be changed now."""
    return Terms.of(policy) if before is None else Terms.read(before.terms)


def statement_lines(found: Standing) -> pl.DataFrame:
    """One row a store, by id as text."""
    owed = [found.terms.owed(availability) for availability in found.stores["availability"].to_list()]
    percent = pl.Series("credit_percent", owed, dtype=pl.Float64)
    return found.stores.with_columns(percent).select(
        "store_id",
        *(in_units(measure, HOUR).alias(f"{word}_hours") for measure, word in WORDS),
        in_percent("coverage").alias("coverage_percent"),
        in_percent("availability").alias("availability_percent"),
        in_units("budget", HOUR).alias("budget_hours"),
        pl.col("state").replace({"ok": "met", "at_risk": "met"}).alias("verdict"),
        "credit_percent",
    )


def statement_csv(drafted: Draft) -> bytes:
    return neutralised(drafted.lines).write_csv(float_precision=2).encode()


def _drafted(
    history: History,
    options: StoresOptions,
    policy: SlaPolicy,
    month: date,
    terms: Terms,
    sites: Sequence[int] | None,
) -> Draft | None:
    window = month_of(policy, month, options.default_zone)
    latest = latest_observation(history.database)
    # A poll after the end may still reach back into the month.
    if latest is None or latest < window.end + (options.strict.back or 0):
        return None
    snapshot = read_snapshot(history, span_of(window, window.end), sites)
    found = standing(snapshot, terms, window, window.end, options)
    exact = found.stores.select("store_id", *(measure for measure, _ in WORDS))
    inputs = {"hours": _fingerprint(snapshot), "lines": hashlib.sha256(exact.write_csv().encode()).hexdigest()}
    zone = zone_of(policy, options.default_zone)
    return Draft(policy.id, month, found, zone, statement_lines(found), inputs)


def _fingerprint(snapshot: Snapshot) -> str:
    hours = snapshot.hours.sort(pl.all()).write_csv()
    zones = snapshot.stores.select("store", "zone").sort("store").write_csv()
    return hashlib.sha256(f"{hours}\n{zones}".encode()).hexdigest()


def _verdict(found: Standing, breached: int) -> Verdict:
    """Of each store's promise: broken if any store broke it."""
    if found.whole["state"] == "unknown":
        return Verdict.UNKNOWN
    if found.terms.applies_to is AppliesTo.EACH_STORE:
        return Verdict.BREACHED if breached else Verdict.MET
    return Verdict.BREACHED if found.whole["state"] == "breached" else Verdict.MET


async def _kept(session: AsyncSession, drafted: Draft, blob: Blob, actor: Actor) -> Artifact:
    name = "".join(letter if letter.isalnum() else "_" for letter in drafted.found.terms.name)[:80]
    artifact = Artifact(
        name=f"sla_{name}_{drafted.period:%Y-%m}.csv",
        type=ArtifactType.REPORT,
        media_type="text/csv; charset=utf-8",
        sha256=blob.sha256,
        size_bytes=blob.size,
        owner_id=actor.user_id,
    )
    session.add(artifact)
    await session.flush()
    return artifact


def summary_of(statement: SlaStatement) -> dict[str, Any]:
    """What is told of a statement in a job's result."""
    return {"policy_id": str(statement.policy_id), "month": f"{statement.period:%Y-%m}", "revision": statement.revision}
