"""The content of a record in one form only, so that its hash says whether it is still what was signed.

JSON with sorted keys and no spaces; instants as UTC with microseconds, ids with dashes, numbers as Python writes them.
What is no content: status, hold, version and times of the rows themselves.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.db.base import Entity
from opsroom.core.errors import NotFound
from opsroom.quality.findings.models import CONTENT as FINDING
from opsroom.quality.findings.models import Defect
from opsroom.quality.inspections.models import CONTENT as INSPECTION
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import SignedRecord
from opsroom.quality.lots.models import CONTENT as LOT
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.measurements.models import CONTENT as MEASUREMENT
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.nonconformances.models import ACTION_CONTENT as ACTION
from opsroom.quality.nonconformances.models import CONTENT as NONCONFORMANCE
from opsroom.quality.nonconformances.models import CorrectiveAction, Nonconformance

Reader = AsyncSession | AsyncConnection
BOX = ("box_x", "box_y", "box_width", "box_height")
FINDING_COLUMNS = (*(name for name in FINDING if name != "box"), *BOX)


async def canonical_record(reader: Reader, table: SignedRecord, record_id: UUID) -> str:
    """
    Raises:
        NotFound: there is no such record.
    """
    content = await CONTENTS[table](reader, record_id)
    whole = {"table": table.value, "id": record_id, "content": content}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def sha256_of(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


async def _lot(reader: Reader, lot_id: UUID) -> dict[str, Any]:
    (lot,) = await _one(reader, Lot, LOT, Lot.id == lot_id)
    parents = await _rows(
        reader, LotParent, ("parent_id", "quantity"), LotParent.lot_id == lot_id, (LotParent.parent_id,)
    )
    of_lot = select(Inspection.id).where(Inspection.lot_id == lot_id).order_by(Inspection.id)
    ids = list((await reader.execute(of_lot)).scalars())
    return lot | {"parents": parents, "inspections": [await _inspection(reader, each) for each in ids]}


async def _inspection(reader: Reader, inspection_id: UUID) -> dict[str, Any]:
    (inspection,) = await _one(reader, Inspection, ("id", *INSPECTION), Inspection.id == inspection_id)
    measurements = await _rows(
        reader,
        Measurement,
        MEASUREMENT,
        Measurement.inspection_id == inspection_id,
        (Measurement.characteristic, Measurement.unit_number),
    )
    findings = await _rows(
        reader, Defect, ("id", *FINDING_COLUMNS), Defect.inspection_id == inspection_id, (Defect.id,)
    )
    return inspection | {"measurements": measurements, "findings": findings}


async def _nonconformance(reader: Reader, record_id: UUID) -> dict[str, Any]:
    (found,) = await _one(reader, Nonconformance, NONCONFORMANCE, Nonconformance.id == record_id)
    of_record = CorrectiveAction.nonconformance_id == record_id
    actions = await _rows(reader, CorrectiveAction, ("id", *ACTION), of_record, (CorrectiveAction.id,))
    return found | {"actions": actions}


CONTENTS = {
    SignedRecord.LOTS: _lot,
    SignedRecord.INSPECTIONS: _inspection,
    SignedRecord.NONCONFORMANCES: _nonconformance,
}


async def _one(
    reader: Reader, model: type[Entity], names: Iterable[str], where: ColumnElement[bool]
) -> list[dict[str, Any]]:
    found = await _rows(reader, model, names, where, ())
    if not found:
        raise NotFound(f"There is no such record in {model.__tablename__}.", field="record_id")
    return found


async def _rows(
    reader: Reader,
    model: type[Entity],
    names: Iterable[str],
    where: ColumnElement[bool],
    order: tuple[Any, ...],
) -> list[dict[str, Any]]:
    query = select(*(getattr(model, name) for name in names)).where(where).order_by(*order)
    return [dict(row) for row in (await reader.execute(query)).mappings()]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
