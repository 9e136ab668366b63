"""Which inspections ended, and how?"""

from datetime import datetime
from typing import Any

import polars as pl
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import func, select

from opsroom import __version__
from opsroom.core.jobs.handler import Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable
from opsroom.core.reports.document import Column
from opsroom.quality.findings.models import Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionStatus, ReviewStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.parts.models import Part
from opsroom.quality.reports.frames import fingerprint_of, frame_of, text_of

SCHEMA = {
    "lot_number": pl.String, "part_number": pl.String, "type": pl.String, "status": pl.String, "result": pl.String,
    "inspector": pl.String, "completed_at": pl.String, "sample_size": pl.Int64, "confirmed_findings": pl.Int64,
    "measurements": pl.Int64, "outside_limits": pl.Int64,
}  # fmt: skip
COLUMNS = (
    Column("lot_number", "Lot"),
    Column("part_number", "Part"),
    *map(Column, ("type", "status")),
    Column("result", "Result", states=(("accepted", "up"), ("rejected", "down"))),
    Column("inspector"),
    Column("completed_at", "Ended", "UTC", instant=True),
    *map(Column, ("sample_size", "confirmed_findings", "measurements", "outside_limits")),
)


class SummaryParameters(BaseModel):
    part: str | None = Field(None, max_length=80, description="part number; all parts if none is given")
    since: AwareDatetime | None = Field(None, description="ended from here on")
    until: AwareDatetime | None = Field(None, description="ended before")


class InspectionSummary:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    async def compute(self, parameters: SummaryParameters, _run: Run) -> ReportTable:
        async with self._database.reading() as connection:
            rows = (await connection.execute(_query(parameters))).all()
        frame = frame_of(
            (
                (
                    row.lot_number, row.part_number, row.type.value, row.status.value,
                    row.result.value if row.result else None, row.inspector, text_of(row.completed_at),
                    row.sample_size, row.confirmed, row.measurements, row.outside,
                )
                for row in rows
            ),
            SCHEMA,
        )  # fmt: skip
        accepted = frame.filter(pl.col("result") == "accepted").height
        return ReportTable(
            frame,
            _latest([row.completed_at for row in rows]),
            fingerprint_of(frame, parameters),
            __version__,
            summary={"inspections": frame.height, "accepted": accepted, "rejected": _rejected(frame)},
            columns=COLUMNS,
        )


def _rejected(frame: pl.DataFrame) -> int:
    return frame.filter(pl.col("result") == "rejected").height


def _latest(instants: list[datetime]) -> datetime | None:
    return max(instants, default=None)


def _query(asked: SummaryParameters) -> Any:
    of_inspection = Defect.inspection_id == Inspection.id
    confirmed = select(func.count()).where(of_inspection, Defect.review_status == ReviewStatus.CONFIRMED)
    values = select(func.count()).where(Measurement.inspection_id == Inspection.id)
    query = (
        select(
            Lot.lot_number, Part.part_number, Inspection.type, Inspection.status, Inspection.result,
            Inspection.inspector, Inspection.completed_at, Inspection.sample_size,
            confirmed.scalar_subquery().label("confirmed"), values.scalar_subquery().label("measurements"),
            values.where(~Measurement.within_limits).scalar_subquery().label("outside"),
        )
        .join(Lot, Lot.id == Inspection.lot_id)
        .join(Part, Part.id == Lot.part_id)
        .where(Inspection.status.in_((InspectionStatus.COMPLETED, InspectionStatus.FAILED)))
        .order_by(Inspection.completed_at, Inspection.id)
    )  # fmt: skip
    if asked.part is not None:
        query = query.where(Part.part_number == asked.part)
    if asked.since is not None:
        query = query.where(Inspection.completed_at >= asked.since)
    if asked.until is not None:
        query = query.where(Inspection.completed_at < asked.until)
    return query
