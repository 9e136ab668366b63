"""Values of the tables as the engine takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import NotFound
from opsroom.quality.findings.models import Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionStatus, ReviewStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.parts.models import Part
from opsroom.quality.parts.schemas import Limits


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point of a chart comes from."""

    lot_number: str
    inspection_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """One characteristic of a part: a subgroup for each inspection, in the order they were measured.

    limits: of the revision in force; None if it does not specify the characteristic any more
    """

    places: tuple[Place, ...]
    groups: tuple[tuple[float, ...], ...]
    limits: Limits | None

    @property
    def values(self) -> list[float]:
        return [value for group in self.groups for value in group]


@dataclass(frozen=True, slots=True)
class Counted:
    """Nonconforming units, and findings, of each completed inspection of a part."""

    places: tuple[Place, ...]
    sizes: tuple[int, ...]
    nonconforming: tuple[int, ...]
    findings: tuple[int, ...]


async def find_part(connection: AsyncConnection, named: str) -> Any:
    """
    Raises:
        NotFound: no part has this number.
    """
    query = select(Part.id, Part.part_number, Part.name, Part.specifications).where(Part.part_number == named)
    found = (await connection.execute(query)).one_or_none()
    if found is None:
        raise NotFound(f"There is no part {named}.", field="part")
    return found


async def measured(connection: AsyncConnection, part: str, characteristic: str, last: int) -> Measured:
    """The last so many inspections that measured the characteristic.

    Raises:
        NotFound: there is no such part, or nobody measured this of it.
    """
    about = await find_part(connection, part)
    rows = (await connection.execute(_values(about.id, characteristic, last))).all()
    if not rows:
        named = ", ".join(sorted(about.specifications)) or "nothing"
        raise NotFound(
            f"No inspection measured {characteristic} of {part}; the part specifies {named}.", field="characteristic"
        )
    places: list[Place] = []
    groups: list[list[float]] = []
    for row in rows:
        if not places or places[-1].inspection_id != row.inspection_id:
            places.append(Place(row.lot_number, row.inspection_id, row.measured_at))
            groups.append([])
        groups[-1].append(row.value)
    limits = about.specifications.get(characteristic)
    return Measured(
        tuple(places), tuple(map(tuple, groups)), Limits.model_validate(limits) if limits is not None else None
    )


async def counted(connection: AsyncConnection, part: str, last: int) -> Counted:
    """The last so many completed inspections with a known sample size.

    Raises:
        NotFound: there is no such part, or no such inspection of it.
    """
    about = await find_part(connection, part)
    rows = (await connection.execute(_counts(about.id, last))).all()
    if not rows:
        raise NotFound(f"No inspection of {part} with a sample size is completed yet.", field="part")
    return Counted(
        tuple(Place(row.lot_number, row.id, row.completed_at) for row in reversed(rows)),
        tuple(row.sample_size for row in reversed(rows)),
        tuple(min(row.units, row.sample_size) for row in reversed(rows)),
        tuple(row.findings for row in reversed(rows)),
    )


async def confirmed_types(
    connection: AsyncConnection, part: str | None, since: datetime | None, until: datetime | None
) -> Sequence[str]:
    """The type of each confirmed finding."""
    query = select(Defect.type).where(Defect.review_status == ReviewStatus.CONFIRMED)
    if part is not None:
        about = await find_part(connection, part)
        query = query.join(Inspection).join(Lot).where(Lot.part_id == about.id)
    if since is not None:
        query = query.where(Defect.created_at >= since)
    if until is not None:
        query = query.where(Defect.created_at < until)
    return [kind.value for kind in (await connection.execute(query)).scalars()]


def _values(part_id: UUID, characteristic: str, last: int) -> Any:
    of_part = (Lot.part_id == part_id, Measurement.characteristic == characteristic)
    latest = (
        select(Measurement.inspection_id, func.min(Measurement.measured_at).label("began"))
        .join(Inspection, Inspection.id == Measurement.inspection_id)
        .join(Lot, Lot.id == Inspection.lot_id)
        .where(*of_part, Inspection.status != InspectionStatus.CANCELLED)
        .group_by(Measurement.inspection_id)
        .order_by(func.min(Measurement.measured_at).desc(), Measurement.inspection_id.desc())
        .limit(last)
        .subquery()
    )
    return (
        select(Measurement.value, Measurement.measured_at, Measurement.inspection_id, Lot.lot_number)
        .join(latest, latest.c.inspection_id == Measurement.inspection_id)
        .join(Inspection, Inspection.id == Measurement.inspection_id)
        .join(Lot, Lot.id == Inspection.lot_id)
        .where(Measurement.characteristic == characteristic)
        .order_by(latest.c.began, Measurement.inspection_id, Measurement.unit_number)
    )


def _counts(part_id: UUID, last: int) -> Any:
    confirmed = (Defect.inspection_id == Inspection.id, Defect.review_status == ReviewStatus.CONFIRMED)
    units = select(func.count(func.distinct(Defect.unit_number))).where(*confirmed).scalar_subquery()
    unnamed = select(func.count()).where(*confirmed, Defect.unit_number.is_(None)).scalar_subquery()
    findings = select(func.count()).where(*confirmed).scalar_subquery()
    return (
        select(
            Inspection.id,
            Inspection.completed_at,
            Inspection.sample_size,
            Lot.lot_number,
            cast(units + unnamed, Integer).label("units"),
            findings.label("findings"),
        )
        .join(Lot, Lot.id == Inspection.lot_id)
        .where(
            Lot.part_id == part_id,
            Inspection.status == InspectionStatus.COMPLETED,
            Inspection.sample_size.is_not(None),
        )
        .order_by(Inspection.completed_at.desc(), Inspection.id.desc())
        .limit(last)
    )
