"""Signing a record, and looking whether a signature still holds."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.events import record
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Forbidden, NotFound
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import Meaning, SignedRecord
from opsroom.quality.signing.canonical import canonical_record, sha256_of
from opsroom.quality.signing.models import Signature, SignatureConsent
from opsroom.quality.signing.trail import CONSENTED, SIGNED

STATEMENT = (
    "I understand that my electronic signature, made by my user name and password, is the legally binding equivalent "
    "of my handwritten signature, and that I am accountable for what I sign with it."
)
JUDGING = frozenset({Meaning.REVIEW, Meaning.APPROVAL, Meaning.RELEASE})


async def consent(session: AsyncSession, actor: Actor) -> SignatureConsent:
    """
    Raises:
        Conflict: the person accepted it before.
    """
    user_id = _person(actor)
    if await session.scalar(select(SignatureConsent.id).where(SignatureConsent.user_id == user_id)):
        raise Conflict("You accepted this before; once is enough.", code="consented_before")
    given = SignatureConsent(user_id=user_id, printed_name=actor.name, statement=STATEMENT, accepted_at=now())
    session.add(given)
    await session.flush()
    await record(session, CONSENTED, ("signature_consents", given.id), printed_name=actor.name)
    return given


async def sign(
    session: AsyncSession,
    actor: Actor,
    table: SignedRecord,
    record_id: UUID,
    meaning: Meaning,
    *,
    disposition: str | None = None,
    comment: str | None = None,
) -> Signature:
    """Bind the person to the record as it stands. Who it is was made sure of before (`identity.confirm`).

    Raises:
        Forbidden: the record takes another person than the one who did the work.
    """
    if meaning in JUDGING:
        await _refuse_own_work(session, actor, table, record_id)
    canonical = await canonical_record(session, table, record_id)
    signature = Signature(
        record_table=table,
        record_id=record_id,
        signer_id=_person(actor),
        printed_name=actor.name,
        meaning=meaning,
        disposition=disposition,
        comment=comment,
        signed_at=now(),
        session_id=actor.session_id,
        record_sha256=sha256_of(canonical),
        canonical_record=canonical,
    )
    session.add(signature)
    await session.flush()
    facts = {"meaning": meaning.value, "signature": str(signature.id), "sha256": signature.record_sha256}
    await record(session, SIGNED, (table.value, record_id), **facts)
    return signature


@dataclass(frozen=True, slots=True)
class Verification:
    """holds: everything below is as it should be
    is_of_this_record: the signed content names the record that the signature hangs on
    hash_fits: the kept hash is that of the kept content
    unchanged: the record's content is still what was signed
    """

    signature: Signature
    is_of_this_record: bool
    hash_fits: bool
    unchanged: bool
    present_sha256: str

    @property
    def holds(self) -> bool:
        whole = self.is_of_this_record and self.hash_fits and self.unchanged
        return whole and self.signature.superseded_at is None


async def verify(connection: AsyncConnection, signature_id: UUID) -> Verification:
    """
    Raises:
        NotFound: there is no such signature.
    """
    async with AsyncSession(connection) as session:
        signature = await session.get(Signature, signature_id)
        if signature is None:
            raise NotFound(f"There is no signature {signature_id}.")
        session.expunge_all()
    present = await canonical_record(connection, signature.record_table, signature.record_id)
    begin = f'"id":"{signature.record_id}","table":"{signature.record_table.value}"}}'
    return Verification(
        signature,
        is_of_this_record=signature.canonical_record.endswith(begin),
        hash_fits=sha256_of(signature.canonical_record) == signature.record_sha256,
        unchanged=present == signature.canonical_record,
        present_sha256=sha256_of(present),
    )


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden("Only a person can sign.", code="signing_needs_a_person")
    return actor.user_id


async def _refuse_own_work(session: AsyncSession, actor: Actor, table: SignedRecord, record_id: UUID) -> None:
    """Where an inspection asks for a second person, whoever carried it out judges neither it nor its lot."""
    of_record = {
        SignedRecord.INSPECTIONS: Inspection.id == record_id,
        SignedRecord.LOTS: Inspection.lot_id == record_id,
    }
    if table not in of_record:
        return
    own = select(Inspection.id).where(
        of_record[table], Inspection.second_person, Inspection.inspector_id == actor.user_id
    )
    if await session.scalar(own.limit(1)):
        raise Forbidden(
            "The inspection asks for four eyes: whoever carried it out does not judge it. Have another person sign.",
            code="four_eyes",
        )
