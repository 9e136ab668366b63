"""`/api/v1/quality/signatures` and `…/signature-consents`: consent, signing, verification."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select

from opsroom.core.actor import Actor
from opsroom.core.auth.doorkeeper import TheDoorkeeper
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.quality.kinds import Meaning
from opsroom.quality.signing import actions
from opsroom.quality.signing.identity import confirm
from opsroom.quality.signing.models import SignatureConsent
from opsroom.quality.signing.schemas import (
    ConsentAsked,
    ConsentRead,
    SignatureAsked,
    SignatureRead,
    StatementRead,
    VerificationRead,
)

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])


@router.get("/signature-consents/statement")
async def read_signature_statement(
    connection: Reading, actor: Annotated[Actor, allow("quality.signatures.read")]
) -> StatementRead:
    """What a person accepts once, before the first signature."""
    mine = select(SignatureConsent.accepted_at).where(SignatureConsent.user_id == actor.user_id)
    return StatementRead(statement=actions.STATEMENT, accepted_at=await connection.scalar(mine))


@router.post("/signature-consents", status_code=201)
async def give_signature_consent(
    body: ConsentAsked,  # noqa: ARG001  its presence is the consent
    actor: Annotated[Actor, allow("quality.signatures.write")],
    session: Unit,
) -> ConsentRead:
    """Accept the statement, for good."""
    return ConsentRead.model_validate(await actions.consent(session, actor))


@router.post("/signatures", status_code=201)
async def sign_record(
    body: SignatureAsked,
    actor: Annotated[Actor, allow("quality.signatures.write")],
    database: TheDatabase,
    doorkeeper: TheDoorkeeper,
) -> SignatureRead:
    """Sign a record as it stands."""
    await confirm(doorkeeper, actor, body)
    async with database.transaction() as session:
        signature = await actions.sign(
            session, actor, body.record_table, body.record_id, Meaning(body.meaning), comment=body.comment
        )
        return SignatureRead.model_validate(signature)


@router.get("/signatures/{signature_id}/verification")
async def verify_signature(
    signature_id: UUID, connection: Reading, _actor: Annotated[Actor, allow("quality.signatures.read")]
) -> VerificationRead:
    """Whether the signature still speaks of the record as it is now."""
    found = await actions.verify(connection, signature_id)
    return VerificationRead(
        signature=SignatureRead.model_validate(found.signature),
        holds=found.holds,
        is_of_this_record=found.is_of_this_record,
        hash_fits=found.hash_fits,
        unchanged=found.unchanged,
        present_sha256=found.present_sha256,
    )
