"""What a model found, written down: the run with its raw outputs, and findings that wait for review."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Row, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.db.base import Base
from opsroom.core.jobs.handler import Run
from opsroom.quality.findings.models import Defect
from opsroom.quality.findings.places import placed, rank_of, uncertainty_of
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.looking import Seen
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import DefectType, DetectionMethod, InferenceStatus, InspectionStatus, Severity
from opsroom.quality.vision.values import Found

RUNS = Base.metadata.tables[InferenceJob.__tablename__]
FINDINGS = Base.metadata.tables[Defect.__tablename__]

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
RUN = (
    InferenceJob.id, InferenceJob.inspection_id, InferenceJob.input_artifact_id, InferenceJob.created_at,
    InferenceJob.model_name, InferenceJob.model_version, InferenceJob.model_sha256,
)  # fmt: skip
OUTPUTS = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# Of tables, not of classes: past the session, which would write and read back row by row.
END = (
    update(RUNS)
    .where(RUNS.c.id == bindparam("run"))
    .values(
        status=bindparam("ended"),
        error=bindparam("why"),
        outputs=bindparam("gave", type_=OUTPUTS),
        compute_ms=bindparam("computed"),
        queue_ms=bindparam("waited"),
        finished_at=bindparam("at"),
        total_ms=bindparam("in_all"),
        version=RUNS.c.version + 1,
    )
)
# With something returned it is sent as one statement; PostgreSQL then runs the trigger of the trail once, not per row.
ADD = insert(FINDINGS).returning(FINDINGS.c.id)
ENDED = "The inspection ended before the model had looked; its findings were not taken over."


async def keep(session: AsyncSession, seen: Sequence[Seen], run: Run) -> dict[str, int]:
    """Runs that another job has meanwhile, or that were cancelled, are left as they are.

    All runs are ended, and all findings added, by one statement each.
    """
    by_id = {each.id: each for each in seen}
    runs = await _still_ours(session, list(by_id), run.job_id)
    inspections = await _inspections(session, {each.inspection_id for each in runs})
    units = await _units(session, set(inspections))
    at = now()
    ended, found = [], []
    for each in runs:
        inspection, outcome = inspections[each.inspection_id], by_id[each.id]
        is_open = inspection.status in (InspectionStatus.PENDING, InspectionStatus.IN_PROGRESS)
        ended.append(_ending(each, outcome, outcome.error if is_open else ENDED, at))
        if is_open and outcome.error is None:
            unit = units.get((each.inspection_id, each.input_artifact_id))
            found += [_finding(each, one, unit, second_person=inspection.second_person) for one in outcome.found]
    if ended:
        await session.execute(END, ended)
    if found:
        await session.execute(ADD, found)
    succeeded = sum(each["ended"] is InferenceStatus.SUCCEEDED for each in ended)
    return {"succeeded": succeeded, "failed": len(ended) - succeeded, "findings": len(found)}


async def end_all(session: AsyncSession, run: Run, status: InferenceStatus, sentence: str) -> None:
    """What a job leaves behind that is not tried again."""
    unfinished = (InferenceStatus.QUEUED, InferenceStatus.RUNNING)
    query = select(InferenceJob).where(InferenceJob.job_id == run.job_id, InferenceJob.status.in_(unfinished))
    for each in await session.scalars(query.with_for_update()):
        each.status, each.error = status, sentence
        _stop_clock(each, now())
    await session.flush()


def _ending(run: Row[Any], seen: Seen, error: str | None, at: datetime) -> dict[str, Any]:
    """The values of `END`."""
    return {
        "run": run.id,
        "ended": InferenceStatus.SUCCEEDED if error is None else InferenceStatus.FAILED,
        "why": error,
        "gave": seen.outputs if error is None else None,
        "computed": seen.compute_ms,
        "waited": _ms(run.created_at, seen.began or at),
        "at": max(at, run.created_at),  # clocks of two machines may differ
        "in_all": _ms(run.created_at, at),
    }


def _stop_clock(run: InferenceJob, at: datetime) -> None:
    run.finished_at = max(at, run.created_at)  # clocks of two machines may differ
    run.total_ms = _ms(run.created_at, at)


def _ms(begun: datetime, ended: datetime) -> float:
    return max(0.0, (ended - begun).total_seconds() * 1000)


def _finding(run: Row[Any], found: Found, unit: int | None, *, second_person: bool) -> dict[str, Any]:
    """A row of `ADD`."""
    kind = DefectType(found.type)
    severity = SEVERITIES[kind]
    box = {"x": found.box.x, "y": found.box.y, "width": found.box.width, "height": found.box.height}
    return {
        "inspection_id": run.inspection_id,
        "inference_job_id": run.id,
        "unit_number": unit,
        "type": kind,
        "severity": severity,
        "severity_rank": rank_of(severity),
        "detection_method": DetectionMethod.MODEL,
        "confidence": found.confidence,
        "uncertainty": uncertainty_of(found.confidence),
        "image_artifact_id": run.input_artifact_id,
        "second_person": second_person or severity is Severity.CRITICAL,
        "model_verdict": _verdict(run, found, severity, box),
        **placed(box, None),
    }


def _verdict(run: Row[Any], found: Found, severity: Severity, box: dict[str, float]) -> dict[str, Any]:
    return {
        "type": found.type,
        "severity": severity.value,
        "confidence": found.confidence,
        "box": box,
        "model": run.model_name,
        "version": run.model_version,
        "sha256": run.model_sha256,
    }


async def _still_ours(session: AsyncSession, ids: list[UUID], job_id: UUID) -> list[Row[Any]]:
    query = (
        select(*RUN)
        .where(InferenceJob.id.in_(ids), InferenceJob.job_id == job_id, InferenceJob.status == InferenceStatus.RUNNING)
        .order_by(InferenceJob.id)
        .with_for_update()
    )
    return [*await session.execute(query)]


async def _inspections(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Row[Any]]:
    """Locked in one order, so that none of them ends while findings are added to it."""
    columns = (Inspection.id, Inspection.status, Inspection.second_person)
    query = select(*columns).where(Inspection.id.in_(ids)).order_by(Inspection.id).with_for_update()
    found: list[Row[Any]] = [*await session.execute(query)]
    return {each.id: each for each in found}


async def _units(session: AsyncSession, inspections: set[UUID]) -> dict[tuple[UUID, UUID], int | None]:
    columns = (InspectionImage.inspection_id, InspectionImage.artifact_id, InspectionImage.unit_number)
    rows = await session.execute(select(*columns).where(InspectionImage.inspection_id.in_(inspections)))
    return {(row.inspection_id, row.artifact_id): row.unit_number for row in rows}
