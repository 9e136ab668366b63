"""Signatures from outside."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.quality.kinds import Meaning, SignedRecord
from opsroom.quality.shapes import Identified, Kept, Words
from opsroom.quality.signing.identity import Credentials


class SignatureRead(Identified, Kept):
    model_config = ConfigDict(from_attributes=True)

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
    model_config = ConfigDict(from_attributes=True)

    user_id: UUID
    printed_name: str
    statement: str
    accepted_at: datetime


class ConsentAsked(BaseModel):
    accepted: Literal[True] = Field(description="that you read the statement and accept it")


class StatementRead(BaseModel):
    statement: str
    accepted_at: datetime | None = Field(description="when you accepted it")


class SignatureAsked(Credentials):
    record_table: SignedRecord
    record_id: UUID
    meaning: Literal[Meaning.AUTHORSHIP, Meaning.REVIEW, Meaning.APPROVAL, Meaning.RESPONSIBILITY] = Field(
        description="release, rejection, hold and rework are signed by deciding so on a lot"
    )
    comment: Words | None = None


class VerificationRead(BaseModel):
    signature: SignatureRead
    holds: bool = Field(description="all that follows is as it should be")
    is_of_this_record: bool = Field(description="the signed content names the record that the signature hangs on")
    hash_fits: bool = Field(description="the kept hash is that of the content that was signed")
    unchanged: bool = Field(description="the record is still what was signed")
    present_sha256: str
