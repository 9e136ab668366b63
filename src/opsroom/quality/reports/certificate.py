"""The certificate of a lot: what was measured and found, who signed, what was changed, and a code to check it by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom import __version__
from opsroom.core.errors import NotFound
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable
from opsroom.core.reports.document import Code, Column, Document, Fact, Section, Signatures, Table, Text
from opsroom.core.reports.document import Signature as SignedLine
from opsroom.quality.findings.models import Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import SignedRecord
from opsroom.quality.lots.models import Lot
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.naming import id_of
from opsroom.quality.parts.models import Part, PartRevision
from opsroom.quality.proofs.records import entries_of, records_of_lot, signatures_of
from opsroom.quality.reports.frames import fingerprint_of, frame_of, text_of, words
from opsroom.quality.signing.actions import Verification, verify
from opsroom.quality.signing.canonical import canonical_record, sha256_of

VALUES = {
    "inspection": pl.String, "revision": pl.String, "characteristic": pl.String, "unit_number": pl.Int64,
    "value": pl.Float64, "first_entered": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "unit": pl.String,
    "verdict": pl.String, "operator": pl.String, "confirmed_by": pl.String, "measured_at": pl.String,
}  # fmt: skip
FINDINGS = {
    "unit_number": pl.Int64, "type": pl.String, "severity": pl.String, "review": pl.String, "found_by": pl.String,
    "reviewers": pl.String, "comment": pl.String,
}  # fmt: skip
CHANGES = {"at": pl.String, "who": pl.String, "record": pl.String, "what": pl.String, "reason": pl.String}
CHANGES_OF = frozenset({"lots", "inspections", "measurements", "defects", "nonconformances", "corrective_actions"})
SAID_ELSEWHERE = frozenset({"reviewed_at", "severity_rank"})
COLUMNS = (
    Column("characteristic"),
    Column("unit_number", "Unit"),
    Column("value", digits=4),
    Column("first_entered", "First entered", digits=4),
    Column("lower", digits=4),
    Column("upper", digits=4),
    Column("unit", "In"),
    Column("verdict", states=(("inside", "up"), ("outside", "down"))),
    Column("operator"),
    Column("confirmed_by", "Second person"),
)
MOST_CHANGES = 500


class CertificateParameters(BaseModel):
    lot: str = Field(min_length=1, max_length=80, description="lot number", examples=["L-2026-0815"])


@dataclass(frozen=True, slots=True)
class Found:
    lot: Lot
    part: Part
    inspections: list[Inspection]
    values: pl.DataFrame
    findings: pl.DataFrame
    changes: pl.DataFrame
    signatures: list[Verification]
    sha256: str


class LotCertificate:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database
        self._url = str(parts.options.get("public_url") or "").rstrip("/")

    async def compute(self, parameters: CertificateParameters, _run: Run) -> ReportTable:
        async with self._database.reading() as connection:
            found = await _find(connection, parameters.lot)
        return ReportTable(
            found.values,
            _as_of(found),
            fingerprint_of(found.values, parameters, found.sha256, *(str(each.holds) for each in found.signatures)),
            __version__,
            summary={"lot": found.lot.lot_number, "status": found.lot.status.value, "record_sha256": found.sha256},
            columns=COLUMNS,
            document=lambda: _document(found, self._url),
        )


async def _find(connection: AsyncConnection, number: str) -> Found:
    async with AsyncSession(connection) as session:
        try:
            lot_id = await id_of(session, Lot.lot_number, number, field="lot")
        except NotFound as refusal:
            raise Permanent(refusal.sentence) from None
        lot = await session.get_one(Lot, lot_id)
        part = await session.get_one(Part, lot.part_id)
        of_lot = select(Inspection).where(Inspection.lot_id == lot_id).order_by(Inspection.id)
        inspections = list(await session.scalars(of_lot))
        session.expunge_all()
    ids = [each.id for each in inspections]
    return Found(
        lot=lot,
        part=part,
        inspections=inspections,
        values=await _values(connection, ids),
        findings=await _findings(connection, ids),
        changes=await _changes(connection, lot_id),
        signatures=[await verify(connection, each) for each in await signatures_of(connection, lot_id)],
        sha256=sha256_of(await canonical_record(connection, SignedRecord.LOTS, lot_id)),
    )


async def _values(connection: AsyncConnection, inspections: list[UUID]) -> pl.DataFrame:
    query = (
        select(
            Inspection.type, PartRevision.revision, PartRevision.specifications, Measurement.characteristic,
            Measurement.unit_number, Measurement.value, Measurement.original_value, Measurement.within_limits,
            Measurement.operator, Measurement.confirmed_by, Measurement.measured_at,
        )
        .join(Inspection, Inspection.id == Measurement.inspection_id)
        .join(PartRevision, PartRevision.id == Inspection.part_revision_id)
        .where(Measurement.inspection_id.in_(inspections))
        .order_by(Inspection.id, Measurement.characteristic, Measurement.unit_number)
    )  # fmt: skip
    rows = []
    for row in await connection.execute(query):
        limits = row.specifications.get(row.characteristic) or {}
        rows.append(
            (
                words(row.type.value), row.revision, words(row.characteristic), row.unit_number, row.value,
                row.original_value, limits.get("lower"), limits.get("upper"), limits.get("unit"),
                "inside" if row.within_limits else "outside", row.operator, row.confirmed_by,
                text_of(row.measured_at),
            )
        )  # fmt: skip
    return frame_of(rows, VALUES)


async def _findings(connection: AsyncConnection, inspections: list[UUID]) -> pl.DataFrame:
    query = (
        select(
            Defect.unit_number, Defect.type, Defect.severity, Defect.review_status, Defect.detection_method,
            Defect.first_reviewer, Defect.second_reviewer, Defect.comment,
        )
        .where(Defect.inspection_id.in_(inspections))
        .order_by(Defect.severity_rank.desc(), Defect.id)
    )  # fmt: skip
    rows = [
        (
            row.unit_number, words(row.type.value), row.severity.value, words(row.review_status.value),
            row.detection_method.value, ", ".join(filter(None, (row.first_reviewer, row.second_reviewer))), row.comment,
        )
        for row in await connection.execute(query)
    ]  # fmt: skip
    return frame_of(rows, FINDINGS)


async def _changes(connection: AsyncConnection, lot_id: UUID) -> pl.DataFrame:
    """What was changed after it was entered, of the lot and of everything in it, as the trail tells it."""
    records = [each for each in await records_of_lot(connection, lot_id) if each[0] in CHANGES_OF]
    rows = [
        (
            text_of(each["at"]), each["user_name"], words(each["table_name"]).removesuffix("s"),
            _told(each["before"], each["after"]), each["reason"],
        )
        for each in await entries_of(connection, records)
        if each["before"] and each["after"]
    ]  # fmt: skip
    return frame_of(rows[:MOST_CHANGES], CHANGES)


def _told(before: dict[str, Any], after: dict[str, Any]) -> str:
    shown = sorted(set(after) - SAID_ELSEWHERE)
    return "; ".join(f"{words(name)}: {before.get(name)} → {after[name]}" for name in shown)


def _as_of(found: Found) -> datetime:
    """The last thing that happened to what the certificate speaks of."""
    instants = [found.lot.updated_at, *(each.updated_at for each in found.inspections)]
    return max(instants + [each.signature.signed_at for each in found.signatures])


def _document(found: Found, url: str) -> Document:
    lot = found.lot
    state = {"released": "up", "rejected": "down"}.get(lot.status.value, "waiting")
    sections = [
        Section("Measurements", [Table(found.values, COLUMNS)] if found.values.height else [Text("None were made.")]),
        Section("Findings", [Table(found.findings, sheet="Findings")] if found.findings.height else [Text("None.")]),
        Section("Signatures", [Signatures(_lines(found))] if found.signatures else [Text("Nobody has signed yet.")]),
        Section(
            "Changes after entry",
            [Table(found.changes, sheet="Changes")] if found.changes.height else [Text("Nothing was changed.")],
        ),
    ]
    return Document(
        f"Certificate of lot {lot.lot_number}",
        f"{found.part.name}, {found.part.part_number}. Record {found.sha256}.",
        [
            Fact("state", words(lot.status.value), "on hold" if lot.on_hold else "", kind=state),  # type: ignore[arg-type]  # one of three kinds
            Fact("quantity", f"{lot.quantity:,}"),
            Fact("inspections", str(len(found.inspections))),
            Fact("supplier", lot.supplier or "made here"),
        ],
        sections,
        Code(f"{url}/console/quality/lots/{lot.id}/proof", "Leads to the proof of this record in the sealed trail"),
    )


def _lines(found: Found) -> list[SignedLine]:
    return [
        SignedLine(
            each.signature.printed_name,
            each.signature.meaning.value,
            each.signature.signed_at,
            ("holds" if each.holds else "superseded: the record changed after it was signed")
            + (f"; {each.signature.comment}" if each.signature.comment else ""),
        )
        for each in found.signatures
    ]
