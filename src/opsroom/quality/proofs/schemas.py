"""Proofs of lots, from outside."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.core.reports.models import ReportFormat


class CertificateRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    report_id: UUID
    artifact_id: UUID
    format: ReportFormat
    sha256: str = Field(description="of the file")
    record_sha256: str = Field(description="of the lot's record that the file speaks of")
    requested_by: str
    made_at: datetime


class EntryProof(BaseModel):
    line: str = Field(description="the entry of the trail as it was hashed")
    index: int = Field(description="which leaf of the tree it is")
    path: list[str] = Field(description="hashes from the leaf to the root (RFC 9162, 2.1.3), hexadecimal")


class LotProof(BaseModel):
    """A file of this verifies with `verify_trail.py`, without this program."""

    lot_number: str
    record_sha256: str = Field(description="of the lot's canonical record as it is now; signatures carry the same")
    certificates: list[CertificateRead]
    waiting: int = Field(description="entries that are not sealed yet; they are in the next proof")
    entries: list[EntryProof]
    checkpoint: str = Field(description="signed note (C2SP tlog-checkpoint)")
    keys: list[str] = Field(description="verifier keys of the signers; compare them with those you were given")
