"""Signatures from outside."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from opsroom.quality.kinds import Meaning, SignedRecord
from opsroom.quality.shapes import Identified, Kept


class SignatureRead(Identified, Kept):
    record_table: SignedRecord
    record_id: UUID
    signer_id: UUID
    printed_name: str
    meaning: Meaning
    disposition: str | None = Field(description="what was decided by it, as `released`")
    comment: str | None
    signed_at: datetime
    record_sha256: str = Field(description="of the record's content as it was signed")
    superseded_at: datetime | None = Field(description="when the record changed after it was signed")


class ConsentRead(Identified, Kept):
    user_id: UUID
    printed_name: str
    statement: str
    accepted_at: datetime
