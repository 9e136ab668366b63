"""Electronic signatures (21 CFR 11.50 to 11.200), and the consent that goes before the first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.append_only import APPEND_ONLY
from opsroom.core.db.base import Entity
from opsroom.core.db.columns import one_of
from opsroom.core.db.rules import Rule, changed, ruled
from opsroom.quality.kinds import Meaning, SignedRecord

HEX = "length({0}) = 64 AND {0} = lower({0}) AND trim({0}, '0123456789abcdef') = ''"
KEPT = (
    "record_table", "record_id", "signer_id", "printed_name", "meaning", "signed_at", "session_id", "comment",
    "record_sha256", "canonical_record", "disposition",
)  # fmt: skip
_valid = text("superseded_at IS NULL")


class SignatureConsent(Entity):
    """A person accepted, once, that the electronic signature binds like one by hand (21 CFR 11.100(c))."""

    __table_args__ = (
        UniqueConstraint("user_id", name="uq_signature_consents_user_id"),
        CheckConstraint("length(statement) > 0", name="statement"),
        {"info": APPEND_ONLY},
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    printed_name: Mapped[str] = mapped_column(String(150))
    statement: Mapped[str] = mapped_column(Text)
    accepted_at: Mapped[datetime]


class Signature(Entity):
    """Who signed what, when, and meaning what. Nothing of it changes but that it is marked as superseded.

    record_sha256: of `canonical_record`, the record's content as it was signed
    disposition: what was decided by it, as `released`; none where nothing was
    session_id: the sign-in; the first signature of each takes name and password
    """

    __table_args__ = (
        CheckConstraint(HEX.format("record_sha256"), name="record_sha256"),
        CheckConstraint("length(printed_name) > 0", name="printed_name"),
        CheckConstraint("length(canonical_record) > 0", name="canonical_record"),
        Index("ix_signatures_record_id_meaning", "record_id", "meaning"),
        Index("ix_signatures_signer_id_signed_at", "signer_id", "signed_at"),
        Index("ix_signatures_session_id_signed_at", "session_id", "signed_at"),
        Index("ix_signatures_valid", "record_id", postgresql_where=_valid, sqlite_where=_valid),
        {
            "info": ruled(
                Rule(
                    "signature_kept",
                    "UPDATE",
                    changed(KEPT)
                    + " OR (OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at)",
                    "A signature does not change, and what is superseded stays so.",
                ),
                Rule("signature_never_deleted", "DELETE", "1 = 1", "A signature is never deleted."),
            )
        },
    )

    record_table: Mapped[SignedRecord] = mapped_column(one_of(SignedRecord))
    record_id: Mapped[UUID]
    signer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    printed_name: Mapped[str] = mapped_column(String(150))
    meaning: Mapped[Meaning] = mapped_column(one_of(Meaning))
    disposition: Mapped[str | None] = mapped_column(String(40))
    comment: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime]
    session_id: Mapped[UUID]
    record_sha256: Mapped[str] = mapped_column(String(64))
    canonical_record: Mapped[str] = mapped_column(Text)
    superseded_at: Mapped[datetime | None]
