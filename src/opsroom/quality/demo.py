"""Demonstration data: brackets bored from castings, in lots of every state, and a reamer that wears.

The same values each time; times are counted back from now. Nobody can sign in as the people in it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.auth.models import Role, User
from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.parts import NoPayload, Parts
from opsroom.quality.conduct.sampling import draw_plan
from opsroom.quality.demo_looks import Looks, ask_for_looks, keep_looks, prepare_looks
from opsroom.quality.devices.models import Gauge, Station
from opsroom.quality.disposition import actions as disposition
from opsroom.quality.findings.review import Step, review
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import (
    ActionType,
    InspectionResult,
    InspectionStatus,
    InspectionType,
    LotStatus,
    PartType,
    ReviewDecision,
    Severity,
)
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.nonconformances.models import CorrectiveAction, Nonconformance
from opsroom.quality.parts.models import Part, PartRevision
from opsroom.quality.parts.schemas import Limits
from opsroom.quality.signing.actions import consent

JOB = "quality.demo"
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43
SPECIFICATIONS = {
    "bore_diameter": {"nominal": 12.0, "lower": 11.9, "upper": 12.1, "unit": "mm"},
    "wall_thickness": {"nominal": 4.0, "lower": 3.7, "upper": None, "unit": "mm"},
}
STEADY, DRIFTING, SAMPLE = 18, 6, 5
STEP = 0.014  # mm that the bore grows from one lot to the next, once the reamer is worn


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the demonstration, and with what."""

    inspector: Actor
    reviewer: Actor
    qualified: Actor
    part: Part
    revision: PartRevision
    gauge: Gauge
    station: Station
    casting: Lot


class DemoLoader:
    """The job type `quality.demo`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def job_type(self) -> JobType[NoPayload, Looks]:
        return JobType(name=JOB, payload=NoPayload, compute=self._compute, save=self._save)

    async def _compute(self, _payload: NoPayload, run: Run) -> Looks:
        await run.progress(0.2, "drawing surfaces")
        return await prepare_looks(self._parts)

    async def _save(self, session: AsyncSession, _payload: NoPayload, looks: Looks, run: Run) -> dict[str, Any]:
        cast = await _cast(session)
        generator = np.random.default_rng(19)
        for number in range(STEADY + DRIFTING):
            await _finished_lot(session, cast, number, generator)
        await self._lot_in_review(session, cast, looks)
        await _rejected_lot(session, cast, looks, run)
        await _lot(session, cast, "B-0301", now())
        await disposition.move(session, await _lot(session, cast, "B-0302", now()), LotStatus.IN_PRODUCTION)
        return {"lots": STEADY + DRIFTING + 5}

    async def _lot_in_review(self, session: AsyncSession, cast: Cast, looks: Looks) -> None:
        """In inspection, with images that a model is asked to look at."""
        lot = await _lot(session, cast, "B-0201", _ago(1))
        inspection = await _inspection(session, cast, lot, _ago(1))
        await ask_for_looks(session, self._parts.queue, cast.inspector, inspection, looks)


async def _cast(session: AsyncSession) -> Cast:
    people = [await _person(session, name) for name in ("demo_inspector", "demo_reviewer", "demo_qualified")]
    part = Part(
        part_number="BRK-1042",
        revision="A",
        name="Brake caliper bracket",
        type=PartType.COMPONENT,
        specifications=SPECIFICATIONS,
    )
    raw = Part(part_number="CST-7", revision="A", name="Bracket casting", type=PartType.RAW_MATERIAL)
    due = now().date() + timedelta(days=200)
    gauge = Gauge(gauge_number="BORE-3", name="Bore gauge", unit="mm", resolution=0.001, calibration_due=due)
    station = Station(station_number="CAM-3", name="Camera above line 3", line="L3", calibrated_on=date(2026, 6, 1))
    session.add_all([part, raw, gauge, station])
    await session.flush()
    revisions = [
        PartRevision(
            part_id=each.id, revision="A", specifications=each.specifications or {}, effective_from=now(),
            changed_by="demo_qualified",
        )
        for each in (part, raw)
    ]  # fmt: skip
    casting = Lot(
        lot_number="CAST-0715", part_id=raw.id, quantity=20_000, supplier="Nordguss", produced_at=_ago(60),
        production_metadata={"melt": "M-881", "furnace": 2},
    )  # fmt: skip
    session.add_all([*revisions, casting])
    await session.flush()
    return Cast(people[0], people[1], people[2], part, revisions[0], gauge, station, casting)


async def _person(session: AsyncSession, name: str) -> Actor:
    user = User(username=name, password_hash=NOBODY, role=Role.USER, is_active=False)
    session.add(user)
    await session.flush()
    actor = Actor(name=name, user_id=user.id, session_id=uuid7())
    await consent(session, actor)
    return actor


async def _lot(session: AsyncSession, cast: Cast, number: str, at: datetime) -> Lot:
    lot = Lot(
        lot_number=number, part_id=cast.part.id, quantity=500, produced_at=at, line="L3",
        shift=("early", "late")[int(number[-1]) % 2], production_metadata={"machine": "bore-2", "coolant": "B"},
    )  # fmt: skip
    session.add(lot)
    await session.flush()
    session.add(LotParent(lot_id=lot.id, parent_id=cast.casting.id, quantity=510))
    await session.flush()
    return lot


async def _inspection(session: AsyncSession, cast: Cast, lot: Lot, at: datetime) -> Inspection:
    """Begun at an instant, with its plan."""
    inspection = Inspection(
        lot_id=lot.id, part_revision_id=cast.revision.id, type=InspectionType.FINAL, station_id=cast.station.id
    )
    session.add(inspection)
    await session.flush()
    await draw_plan(session, inspection, "II", 1.0, "normal")
    await disposition.move(session, lot, LotStatus.IN_INSPECTION)
    inspection.status, inspection.started_at = InspectionStatus.IN_PROGRESS, at
    inspection.inspector_id, inspection.inspector = cast.inspector.user_id, cast.inspector.name
    await session.flush()
    return inspection


async def _finished_lot(session: AsyncSession, cast: Cast, number: int, generator: np.random.Generator) -> None:
    """Measured, accepted and released; the last ones, on which the chart signals, are held."""
    at = _ago(2 * (STEADY + DRIFTING - number))
    worn = max(0, number - STEADY + 1)
    lot = await _lot(session, cast, f"B-{100 + number:04}", at)
    inspection = await _inspection(session, cast, lot, at)
    drawn = {
        "bore_diameter": np.round(generator.normal(12.0 + worn * STEP, 0.012, SAMPLE), 3),
        "wall_thickness": np.round(generator.normal(4.05, 0.06, SAMPLE), 2),
    }
    for characteristic, values in drawn.items():
        for unit, value in enumerate(values.tolist(), 1):
            session.add(_measurement(cast, inspection.id, characteristic, unit, value, at))
    await session.flush()
    await _complete(session, inspection, InspectionResult.ACCEPTED, at)
    if number < STEADY + DRIFTING - 2:
        await disposition.release(session, cast.qualified, lot, "Within the plan")
        return
    await disposition.hold(session, cast.qualified, lot, "The bore drifts upwards; see the control chart")
    if number == STEADY + DRIFTING - 1:
        await _nonconformance(session, lot, inspection)


async def _nonconformance(session: AsyncSession, lot: Lot, inspection: Inspection) -> None:
    report = Nonconformance(
        number="NCR-DEMO-1", lot_id=lot.id, inspection_id=inspection.id, title="Bore diameter drifts upwards",
        description="The control chart of the bore signals since the reamer's 9000th bore.", severity=Severity.MAJOR,
        owner="demo_reviewer", due_on=now().date() + timedelta(days=14),
    )  # fmt: skip
    session.add(report)
    await session.flush()
    session.add(
        CorrectiveAction(
            nonconformance_id=report.id, type=ActionType.CORRECTIVE, description="Change the reamer every 8000 bores",
            owner="demo_reviewer", due_on=now().date() + timedelta(days=7),
            effectiveness_check="Five lots in a row without a signal",
        )
    )  # fmt: skip
    await session.flush()


async def _rejected_lot(session: AsyncSession, cast: Cast, looks: Looks, run: Run) -> None:
    """With findings of the model that a person confirmed."""
    lot = await _lot(session, cast, "B-0202", _ago(3))
    inspection = await _inspection(session, cast, lot, _ago(3))
    for finding_id in await keep_looks(session, cast.inspector, inspection, looks, run):
        await review(session, cast.reviewer, finding_id, Step(ReviewDecision.CONFIRM))
    await _complete(session, inspection, InspectionResult.REJECTED, _ago(3))
    await disposition.reject(session, cast.qualified, lot, "Porosity on 3 of 50")


async def _complete(session: AsyncSession, inspection: Inspection, result: InspectionResult, at: datetime) -> None:
    inspection.status, inspection.result = InspectionStatus.COMPLETED, result
    inspection.completed_at = at + timedelta(minutes=40)
    await session.flush()


def _measurement(
    cast: Cast, inspection_id: UUID, characteristic: str, unit: int, value: float, at: datetime
) -> Measurement:
    return Measurement(
        inspection_id=inspection_id, characteristic=characteristic, unit_number=unit, value=value,
        measured_at=at + timedelta(minutes=unit), gauge_id=cast.gauge.id, operator_id=cast.inspector.user_id,
        operator=cast.inspector.name, manual=False, within_limits=_passes(characteristic, value),
    )  # fmt: skip


def _passes(characteristic: str, value: float) -> bool:
    return Limits.model_validate(SPECIFICATIONS[characteristic]).passes(value)


def _ago(hours: float) -> datetime:
    return now() - timedelta(hours=hours)
