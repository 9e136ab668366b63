"""Which records belong to a lot, and what the trail says of them."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.log import AUDIT_LOG
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.nonconformances.models import CorrectiveAction, Nonconformance
from opsroom.quality.signing.models import Signature

Record = tuple[str, UUID]  # table, id
AT_A_TIME = 500


async def records_of_lot(connection: AsyncConnection, lot_id: UUID) -> list[Record]:
    """The lot, its inspections with everything in them, its nonconformances and all signatures on these."""
    found = [(Lot.__tablename__, lot_id)]
    for model, ids in _belonging(lot_id).items():
        found += [(model.__tablename__, each) for each in (await connection.scalars(ids)).all()]
    return found


async def signatures_of(connection: AsyncConnection, lot_id: UUID) -> Sequence[UUID]:
    """Those on the lot, its inspections and its nonconformances, as they were made."""
    query = _belonging(lot_id)[Signature].order_by(Signature.signed_at, Signature.id)
    return (await connection.scalars(query)).all()


async def entries_of(connection: AsyncConnection, records: Sequence[Record]) -> list[dict[str, Any]]:
    """What happened to them, in the order of the trail."""
    tables: dict[str, list[str]] = {}
    for table, record_id in records:
        tables.setdefault(table, []).append(str(record_id))
    found: list[dict[str, Any]] = []
    for table, ids in tables.items():
        for some in _pieces(ids):
            query = select(AUDIT_LOG).where(AUDIT_LOG.c.table_name == table, AUDIT_LOG.c.record_id.in_(some))
            found += [dict(row) for row in (await connection.execute(query)).mappings()]
    return sorted(found, key=lambda entry: entry["id"])


def _belonging(lot_id: UUID) -> dict[Any, Select[UUID]]:
    inspections = select(Inspection.id).where(Inspection.lot_id == lot_id)
    defects = select(Defect.id).where(Defect.inspection_id.in_(inspections))
    reports = select(Nonconformance.id).where(Nonconformance.lot_id == lot_id)
    signed = Signature.record_id.in_(inspections.union_all(reports)) | (Signature.record_id == lot_id)
    of_inspection = (SamplingPlan, InspectionImage, InferenceJob, Measurement)
    return {
        LotParent: select(LotParent.id).where(LotParent.lot_id == lot_id),
        Inspection: inspections,
        **{model: select(model.id).where(model.inspection_id.in_(inspections)) for model in of_inspection},
        Defect: defects,
        DefectReview: select(DefectReview.id).where(DefectReview.defect_id.in_(defects)),
        Nonconformance: reports,
        CorrectiveAction: select(CorrectiveAction.id).where(CorrectiveAction.nonconformance_id.in_(reports)),
        Signature: select(Signature.id).where(signed),
    }


def _pieces(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + AT_A_TIME] for at in range(0, len(ids), AT_A_TIME))
