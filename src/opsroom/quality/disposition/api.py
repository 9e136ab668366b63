"""`/api/v1/quality/lots/{lot}`: its course, decisions on it, where it came from and went."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.doorkeeper import TheDoorkeeper
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import Conflict
from opsroom.quality.disposition import actions
from opsroom.quality.disposition.genealogy import relatives
from opsroom.quality.disposition.schemas import (
    Decided,
    DecisionAsked,
    GenealogyRead,
    LegalHoldAsked,
    MoveAsked,
    Readiness,
    RelativeRead,
    ReleaseAsked,
    SplitAsked,
    SplitUp,
)
from opsroom.quality.lots.models import Lot
from opsroom.quality.lots.schemas import LotRead
from opsroom.quality.naming import id_of
from opsroom.quality.signing.identity import confirm
from opsroom.quality.signing.models import Signature
from opsroom.quality.signing.schemas import SignatureRead

router = APIRouter(prefix="/api/v1/quality/lots", tags=["quality"])

WRITE, RELEASE = "quality.lots.write", "quality.lots.release"
MayWrite = Annotated[Actor, allow(WRITE)]
MayRelease = Annotated[Actor, allow(RELEASE)]
Decide = Callable[[AsyncSession, Actor, Lot, str], Awaitable[Signature]]


@router.post("/{lot_id}/status")
async def move_lot(lot_id: str, body: MoveAsked, actor: MayWrite, session: Unit) -> LotRead:  # noqa: ARG001  the guard
    """Into production or inspection."""
    lot = await actions.lot_to_decide(session, lot_id)
    if lot.status.value == "rejected":
        raise Conflict("A rejected lot goes back into production by rework, which is signed.", code="rework_is_signed")
    await actions.move(session, lot, body.status)
    return LotRead.model_validate(lot, from_attributes=True)


@router.post("/{lot_id}/release")
async def release_lot(
    lot_id: str, body: ReleaseAsked, actor: MayRelease, database: TheDatabase, doorkeeper: TheDoorkeeper
) -> Decided:
    """Release it, by signature. Everything has to be inspected and decided."""
    await confirm(doorkeeper, actor, body)
    async with database.transaction() as session:
        lot = await actions.lot_to_decide(session, lot_id)
        return _decided(lot, await actions.release(session, actor, lot, body.comment))


def _add(verb: str, decide: Decide, permission: str, sentence: str) -> None:
    """A decision that takes a reason and a signature."""

    @router.post(f"/{{lot_id}}/{verb}", name=f"{verb}_lot", description=sentence)
    async def decide_on_lot(
        lot_id: str,
        body: DecisionAsked,
        actor: Annotated[Actor, allow(permission)],
        database: TheDatabase,
        doorkeeper: TheDoorkeeper,
    ) -> Decided:
        await confirm(doorkeeper, actor, body)
        async with database.transaction() as session:
            lot = await actions.lot_to_decide(session, lot_id)
            return _decided(lot, await decide(session, actor, lot, body.reason))


_add("reject", actions.reject, RELEASE, "Reject it, by signature.")
_add("rework", actions.rework, RELEASE, "Send it back into production, by signature.")
_add("hold", actions.hold, WRITE, "Hold it where it is, by signature: nothing releases it meanwhile.")
_add("resume", actions.resume, RELEASE, "End its hold, by signature.")


@router.post("/{lot_id}/split")
async def split_lot(
    lot_id: str, body: SplitAsked, actor: MayRelease, database: TheDatabase, doorkeeper: TheDoorkeeper
) -> SplitUp:
    """Take units into a lot of their own, by signature: to hold, rework or release them apart."""
    await confirm(doorkeeper, actor, body)
    async with database.transaction() as session:
        lot = await actions.lot_to_decide(session, lot_id)
        signature, taken = await actions.split(
            session, actor, lot, lot_number=body.lot_number, quantity=body.quantity, reason=body.reason
        )
        read = LotRead.model_validate(taken, from_attributes=True)
        return SplitUp(taken=read, **dict(_decided(lot, signature)))


@router.put("/{lot_id}/legal-hold")
async def hold_lot_legally(lot_id: str, body: LegalHoldAsked, actor: MayRelease, session: Unit) -> LotRead:  # noqa: ARG001  the guard
    """Keep it whatever any rule of retention says."""
    lot = await actions.lot_to_decide(session, lot_id)
    lot.legal_hold, lot.legal_hold_reason = True, body.reason
    await session.flush()
    return LotRead.model_validate(lot, from_attributes=True)


@router.delete("/{lot_id}/legal-hold")
async def end_legal_hold(lot_id: str, actor: MayRelease, session: Unit) -> LotRead:  # noqa: ARG001  the guard
    lot = await actions.lot_to_decide(session, lot_id)
    lot.legal_hold, lot.legal_hold_reason = False, None
    await session.flush()
    return LotRead.model_validate(lot, from_attributes=True)


@router.get("/{lot_id}/readiness")
async def read_readiness(
    lot_id: str, connection: Reading, _actor: Annotated[Actor, allow("quality.lots.read")]
) -> Readiness:
    """What a release still waits for."""
    async with AsyncSession(connection) as session:
        found = await id_of(session, Lot.lot_number, lot_id, field="lot_id")
        obstacles = await actions.obstacles_to_release(session, found)
    return Readiness(ready=not obstacles, obstacles=obstacles)


@router.get("/{lot_id}/genealogy")
async def read_genealogy(
    lot_id: str, connection: Reading, _actor: Annotated[Actor, allow("quality.lots.read")]
) -> GenealogyRead:
    """What it was made of and what was made of it, all the way, with the inspections of each."""
    async with AsyncSession(connection) as session:
        found = await id_of(session, Lot.lot_number, lot_id, field="lot_id")
    back, forward = [await relatives(connection, found, way) for way in ("back", "forward")]
    return GenealogyRead(
        back=[RelativeRead.model_validate(each) for each in back],
        forward=[RelativeRead.model_validate(each) for each in forward],
    )


def _decided(lot: Lot, signature: Signature) -> Decided:
    return Decided(
        lot=LotRead.model_validate(lot, from_attributes=True), signature=SignatureRead.model_validate(signature)
    )
