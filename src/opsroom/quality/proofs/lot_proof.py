"""What shows that the record of a lot is as it was written: its entries of the sealed trail, and its certificates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.audit.sealed.exporting import as_sealed, proof_of_all
from opsroom.core.audit.sealed.models import AuditCheckpoint
from opsroom.core.audit.sealed.sealing import latest_checkpoint
from opsroom.core.errors import TooLarge
from opsroom.core.reports.models import Report, ReportFormat, ReportStatus
from opsroom.core.storage.models import Artifact
from opsroom.quality.kinds import QualityReport, SignedRecord
from opsroom.quality.lots.models import Lot
from opsroom.quality.naming import id_of
from opsroom.quality.proofs.records import Record, entries_of, records_of_lot
from opsroom.quality.signing.canonical import canonical_record, sha256_of

CERTIFICATE = f"quality.{QualityReport.LOT_CERTIFICATE.value}"
MOST_ENTRIES = 5000  # of one answer; a larger record is taken away with the whole trail
MOST_CERTIFICATES = 200


@dataclass(frozen=True, slots=True)
class Certificate:
    """A file that was made of the lot. sha256: of the file; record_sha256: of the record that it speaks of"""

    report_id: UUID
    artifact_id: UUID
    format: ReportFormat
    sha256: str
    record_sha256: str
    requested_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class LotRecord:
    """record_sha256: of the canonical record as it is now; entries: of the trail, in its order
    sealed: by id of an entry whether it still is what was sealed; what is missing waits for the next sealing
    """

    lot_id: UUID
    lot_number: str
    record_sha256: str
    certificates: list[Certificate]
    entries: list[dict[str, Any]]
    sealed: dict[int, bool]
    checkpoint: AuditCheckpoint | None

    @property
    def waiting(self) -> int:
        return len(self.entries) - len(self.sealed)

    @property
    def altered(self) -> int:
        return sum(not unchanged for unchanged in self.sealed.values())


async def lot_record(connection: AsyncConnection, named: str) -> LotRecord:
    """
    Raises:
        NotFound: there is no such lot.
        TooLarge: more happened to it than one answer carries.
    """
    async with AsyncSession(connection) as session:
        lot_id = await id_of(session, Lot.lot_number, named, field="lot_id")
        number = (await session.get_one(Lot, lot_id)).lot_number
        session.expunge_all()
    certificates = await _certificates(connection, number)
    records: list[Record] = await records_of_lot(connection, lot_id)
    records += [("reports", each.report_id) for each in certificates]
    records += [("artifacts", each.artifact_id) for each in certificates]
    entries = await entries_of(connection, records)
    if len(entries) > MOST_ENTRIES:
        raise TooLarge(
            f"{len(entries)} entries of the trail speak of the lot {number}, more than the {MOST_ENTRIES} of one "
            "answer; `opsroom audit export` gives all of the trail."
        )
    checkpoint = await latest_checkpoint(connection)
    ids = [each["id"] for each in entries]
    return LotRecord(
        lot_id=lot_id,
        lot_number=number,
        record_sha256=sha256_of(await canonical_record(connection, SignedRecord.LOTS, lot_id)),
        certificates=certificates,
        entries=entries,
        sealed=await as_sealed(connection, ids) if checkpoint else {},
        checkpoint=checkpoint,
    )


async def proof_of_lot(connection: AsyncConnection, named: str) -> dict[str, Any]:
    """What `verify_trail.py` verifies, and what it is about.

    Raises:
        NotFound: there is no such lot, or nothing was sealed yet.
        TooLarge: more happened to it than one answer carries.
    """
    record = await lot_record(connection, named)
    proof = await proof_of_all(connection, [each["id"] for each in record.entries])
    about = {
        "lot_number": record.lot_number,
        "record_sha256": record.record_sha256,
        "certificates": record.certificates,
        "waiting": len(record.entries) - len(proof["entries"]),
    }
    return about | proof


async def _certificates(connection: AsyncConnection, number: str) -> list[Certificate]:
    query = (
        select(
            Report.id, Report.artifact_id, Report.format, Artifact.sha256, Report.summary, Report.requested_by,
            Report.finished_at,
        )
        .join(Artifact, Artifact.id == Report.artifact_id)
        .where(
            Report.type == CERTIFICATE,
            Report.status == ReportStatus.COMPLETE,
            ~Report.private,
            Report.parameters["lot"].as_string() == number,
        )
        .order_by(Report.created_at.desc())
        .limit(MOST_CERTIFICATES)
    )  # fmt: skip
    return [
        Certificate(
            row.id, row.artifact_id, row.format, row.sha256, (row.summary or {}).get("record_sha256", ""),
            row.requested_by, row.finished_at,
        )
        for row in await connection.execute(query)
    ]  # fmt: skip
