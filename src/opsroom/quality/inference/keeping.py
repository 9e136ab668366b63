"""What a model found, written down: the run with its raw outputs, and findings that wait for review."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import Run
from opsroom.quality.findings.models import Defect
from opsroom.quality.findings.places import placed, rank_of, uncertainty_of
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.looking import Seen
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import DefectType, DetectionMethod, InferenceStatus, InspectionStatus, Severity
from opsroom.quality.vision.values import Found

# What a finding of a type is taken for until somebody has looked at it.
SEVERITIES = {
    DefectType.CRACK: Severity.CRITICAL,
    DefectType.POROSITY: Severity.MAJOR,
    DefectType.CHIP: Severity.MAJOR,
    DefectType.MISSING_FEATURE: Severity.MAJOR,
    DefectType.DIMENSIONAL: Severity.MAJOR,
    DefectType.DENT: Severity.MODERATE,
    DefectType.BURR: Severity.MODERATE,
    DefectType.CONTAMINATION: Severity.MODERATE,
    DefectType.OTHER: Severity.MODERATE,
    DefectType.SCRATCH: Severity.MINOR,
    DefectType.DISCOLORATION: Severity.MINOR,
}
ENDED = "The inspection ended before the model had looked; its findings were not taken over."


async def keep(session: AsyncSession, seen: Sequence[Seen], run: Run) -> dict[str, int]:
    """Runs that another job has meanwhile, or that were cancelled, are left as they are."""
    by_id = {each.id: each for each in seen}
    runs = await _still_ours(session, list(by_id), run.job_id)
    inspections = await _inspections(session, {each.inspection_id for each in runs})
    units = await _units(session, set(inspections))
    counts = {"succeeded": 0, "failed": 0, "findings": 0}
    for each in runs:
        inspection, outcome = inspections[each.inspection_id], by_id[each.id]
        ended = inspection.status not in {InspectionStatus.PENDING, InspectionStatus.IN_PROGRESS}
        _end(each, outcome, ENDED if ended else outcome.error)
        counts[each.status.value] += 1
        if each.status is InferenceStatus.SUCCEEDED:
            unit = units.get((each.inspection_id, each.input_artifact_id))
            second = inspection.second_person
            session.add_all(_finding(each, found, unit, second_person=second) for found in outcome.found)
            counts["findings"] += len(outcome.found)
    await session.flush()
    return counts


async def end_all(session: AsyncSession, run: Run, status: InferenceStatus, sentence: str) -> None:
    """What a job leaves behind that is not tried again."""
    unfinished = (InferenceStatus.QUEUED, InferenceStatus.RUNNING)
    query = select(InferenceJob).where(InferenceJob.job_id == run.job_id, InferenceJob.status.in_(unfinished))
    for each in await session.scalars(query.with_for_update()):
        each.status, each.error = status, sentence
        _stop_clock(each, now())
    await session.flush()


def _end(run: InferenceJob, seen: Seen, error: str | None) -> None:
    at = now()
    run.status = InferenceStatus.SUCCEEDED if error is None else InferenceStatus.FAILED
    run.error, run.outputs, run.compute_ms = error, seen.outputs if error is None else None, seen.compute_ms
    run.queue_ms = _ms(run.created_at, seen.began or at)
    _stop_clock(run, at)


def _stop_clock(run: InferenceJob, at: datetime) -> None:
    run.finished_at = max(at, run.created_at)  # clocks of two machines may differ
    run.total_ms = _ms(run.created_at, at)


def _ms(begun: datetime, ended: datetime) -> float:
    return max(0.0, (ended - begun).total_seconds() * 1000)


def _finding(run: InferenceJob, found: Found, unit: int | None, *, second_person: bool) -> Defect:
    kind = DefectType(found.type)
    severity = SEVERITIES[kind]
    box = {"x": found.box.x, "y": found.box.y, "width": found.box.width, "height": found.box.height}
    return Defect(
        inspection_id=run.inspection_id,
        inference_job_id=run.id,
        unit_number=unit,
        type=kind,
        severity=severity,
        severity_rank=rank_of(severity),
        detection_method=DetectionMethod.MODEL,
        confidence=found.confidence,
        uncertainty=uncertainty_of(found.confidence),
        image_artifact_id=run.input_artifact_id,
        second_person=second_person or severity is Severity.CRITICAL,
        model_verdict=_verdict(run, found, severity, box),
        **placed(box, None),
    )


def _verdict(run: InferenceJob, found: Found, severity: Severity, box: dict[str, float]) -> dict[str, Any]:
    return {
        "type": found.type,
        "severity": severity.value,
        "confidence": found.confidence,
        "box": box,
        "model": run.model_name,
        "version": run.model_version,
        "sha256": run.model_sha256,
    }


async def _still_ours(session: AsyncSession, ids: list[UUID], job_id: UUID) -> Sequence[InferenceJob]:
    query = (
        select(InferenceJob)
        .where(InferenceJob.id.in_(ids), InferenceJob.job_id == job_id, InferenceJob.status == InferenceStatus.RUNNING)
        .order_by(InferenceJob.id)
        .with_for_update()
    )
    return (await session.scalars(query)).all()


async def _inspections(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Inspection]:
    """Locked in one order, so that none of them ends while findings are added to it."""
    query = select(Inspection).where(Inspection.id.in_(ids)).order_by(Inspection.id).with_for_update()
    return {each.id: each for each in await session.scalars(query)}


async def _units(session: AsyncSession, inspections: set[UUID]) -> dict[tuple[UUID, UUID], int | None]:
    columns = (InspectionImage.inspection_id, InspectionImage.artifact_id, InspectionImage.unit_number)
    rows = await session.execute(select(*columns).where(InspectionImage.inspection_id.in_(inspections)))
    return {(row.inspection_id, row.artifact_id): row.unit_number for row in rows}
