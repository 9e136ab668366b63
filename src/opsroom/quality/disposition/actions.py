"""What becomes of a lot. Each decision is a signature and a move of the lot, in one transaction."""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Conflict, Invalid, Locked
from opsroom.quality.findings.models import UNDECIDED, Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import InspectionStatus, LotStatus, Meaning, Severity, SignedRecord
from opsroom.quality.lots.models import LOT_STATES, Lot, LotParent
from opsroom.quality.naming import id_of
from opsroom.quality.nonconformances.models import Nonconformance
from opsroom.quality.signing.actions import sign
from opsroom.quality.signing.models import Signature

TAKEN_ALONG = (
    "part_id", "produced_at", "line", "shift", "supplier", "production_metadata", "on_hold", "hold_reason", "held_by",
    "held_at",
)  # fmt: skip


async def lot_to_decide(session: AsyncSession, named: str) -> Lot:
    """The lot by its id or number, locked until the transaction ends: one decision at a time.

    Raises:
        NotFound: there is none.
    """
    lot_id = await id_of(session, Lot.lot_number, named, field="lot_id")
    return await session.get_one(Lot, lot_id, with_for_update=True, populate_existing=True)


async def move(session: AsyncSession, lot: Lot, status: LotStatus) -> None:
    """
    Raises:
        Conflict: the lot does not go from its present state to this one.
    """
    if not LOT_STATES.allows(lot.status.value, status.value) or lot.status is status:
        ways = ", ".join(LOT_STATES.moves[lot.status.value]) or "nothing any more"
        raise Conflict(
            f"The lot {lot.lot_number} is {_words(lot.status)} and cannot become {_words(status)}; from here: {ways}.",
            code="status_moves",
            lot_status=lot.status.value,
        )
    lot.status = status
    await session.flush()


async def release(session: AsyncSession, actor: Actor, lot: Lot, comment: str | None) -> Signature:
    """
    Raises:
        Locked: the lot is on hold.
        Conflict: something is still open; the refusal lists all of it.
        Forbidden: the plan asks for another person than the inspector.
    """
    if lot.status is not LotStatus.IN_INSPECTION:
        await move(session, lot, LotStatus.RELEASED)
    if lot.on_hold:
        why = f"The lot {lot.lot_number} is on hold ({lot.hold_reason}); end the hold first."
        raise Locked(why, code="lot_on_hold")
    obstacles = await obstacles_to_release(session, lot.id)
    if obstacles:
        raise Conflict(
            f"The lot {lot.lot_number} cannot be released: {'; '.join(obstacles)}.",
            code="not_ready_for_release",
            obstacles=obstacles,
        )
    return await _decide(session, actor, lot, LotStatus.RELEASED, Meaning.RELEASE, comment)


async def reject(session: AsyncSession, actor: Actor, lot: Lot, reason: str) -> Signature:
    return await _decide(session, actor, lot, LotStatus.REJECTED, Meaning.REJECTION, reason)


async def rework(session: AsyncSession, actor: Actor, lot: Lot, reason: str) -> Signature:
    """Back into production; its inspections stay, and those that failed take a re-inspection."""
    return await _decide(session, actor, lot, LotStatus.IN_PRODUCTION, Meaning.REWORK, reason)


async def hold(session: AsyncSession, actor: Actor, lot: Lot, reason: str) -> Signature:
    """
    Raises:
        Conflict: it is on hold already.
    """
    if lot.on_hold:
        raise Conflict(f"The lot {lot.lot_number} is on hold already: {lot.hold_reason}.", code="lot_on_hold")
    lot.on_hold, lot.hold_reason, lot.held_by, lot.held_at = True, reason, actor.name, now()
    await session.flush()
    return await sign(session, actor, SignedRecord.LOTS, lot.id, Meaning.HOLD, disposition="held", comment=reason)


async def resume(session: AsyncSession, actor: Actor, lot: Lot, reason: str) -> Signature:
    """
    Raises:
        Conflict: it is not on hold.
    """
    if not lot.on_hold:
        raise Conflict(f"The lot {lot.lot_number} is not on hold.", code="lot_not_on_hold")
    lot.on_hold, lot.hold_reason, lot.held_by, lot.held_at = False, None, None, None
    await session.flush()
    return await sign(
        session, actor, SignedRecord.LOTS, lot.id, Meaning.RESPONSIBILITY, disposition="resumed", comment=reason
    )


async def split(
    session: AsyncSession, actor: Actor, lot: Lot, *, lot_number: str, quantity: int, reason: str
) -> tuple[Signature, Lot]:
    """Take units out of a lot into a lot of their own, to be decided apart: quarantine, sorting, partial delivery.

    The new lot stands where the old one does and is held if that is. It has no inspections: those of the old one are
    seen in its genealogy, and it takes one of its own before a release.

    Raises:
        Conflict: the lot is released, has no unit left then, or the number is taken.
    """
    if lot.status is LotStatus.RELEASED:
        raise Conflict(f"The lot {lot.lot_number} is released; a released lot does not change.", code="lot_is_decided")
    if not 0 < quantity < lot.quantity:
        raise Conflict(
            f"The lot {lot.lot_number} has {lot.quantity} units; take one or more, and fewer than that.",
            code="nothing_left",
            field="quantity",
        )
    if not lot_number:
        raise Invalid("Give the new lot a number.", field="lot_number")
    if await session.scalar(select(Lot.id).where(Lot.lot_number == lot_number)):
        raise Conflict(f"There is a lot {lot_number} already.", code="duplicate", field="lot_number")
    lot.quantity -= quantity
    kept = {name: getattr(lot, name) for name in TAKEN_ALONG}
    taken = Lot(lot_number=lot_number, quantity=quantity, **kept)
    session.add(taken)
    await session.flush()
    session.add(LotParent(lot_id=taken.id, parent_id=lot.id, quantity=quantity))
    if lot.status is not LotStatus.CREATED:
        await move(session, taken, lot.status)
    await session.flush()
    told = f"{quantity} units into {lot_number}: {reason}"
    signature = await sign(
        session, actor, SignedRecord.LOTS, lot.id, Meaning.RESPONSIBILITY, disposition="split", comment=told
    )
    return signature, taken


async def obstacles_to_release(session: AsyncSession, lot_id: UUID) -> list[str]:
    """Why the lot cannot be released now, in words; the database refuses for the same reasons."""
    inspections = (await session.scalars(select(Inspection).where(Inspection.lot_id == lot_id))).all()
    replaced = {each.replaces_id for each in inspections if each.status is not InspectionStatus.CANCELLED}
    found = [
        f"the {_words(each.type)} inspection {each.id} is {_words(each.status)}"
        for each in inspections
        if each.status in {InspectionStatus.PENDING, InspectionStatus.IN_PROGRESS}
    ]
    found += [
        f"the {_words(each.type)} inspection {each.id} {_outcome(each)} and no re-inspection replaces it"
        for each in inspections
        if _outcome(each) and each.id not in replaced
    ]
    if not any(each.result is not None and each.result.value == "accepted" for each in inspections):
        found.append("no inspection has accepted it")
    return [
        *found,
        *await _open_findings(session, lot_id),
        *await _numbers(session, Nonconformance.lot_id == lot_id),
    ]


async def _decide(
    session: AsyncSession, actor: Actor, lot: Lot, status: LotStatus, meaning: Meaning, comment: str | None
) -> Signature:
    if not LOT_STATES.allows(lot.status.value, status.value) or lot.status is status:
        await move(session, lot, status)
    signature = await sign(
        session, actor, SignedRecord.LOTS, lot.id, meaning, disposition=status.value, comment=comment
    )
    await move(session, lot, status)
    return signature


async def _open_findings(session: AsyncSession, lot_id: UUID) -> list[str]:
    query = (
        select(Defect.id, Defect.type)
        .join(Inspection, Inspection.id == Defect.inspection_id)
        .where(Inspection.lot_id == lot_id, Defect.severity == Severity.CRITICAL, Defect.review_status.in_(UNDECIDED))
    )
    return [f"the critical finding {row.id} ({row.type.value}) is not decided" for row in await session.execute(query)]


async def _numbers(session: AsyncSession, where: ColumnElement[bool]) -> list[str]:
    is_open = Nonconformance.status.not_in(("closed", "cancelled"))
    numbers = await session.scalars(select(Nonconformance.number).where(where, is_open).order_by(Nonconformance.number))
    return [f"the nonconformance {number} is open" for number in numbers]


def _outcome(inspection: Inspection) -> str:
    if inspection.status is InspectionStatus.FAILED:
        return "failed"
    rejected = inspection.result is not None and inspection.result.value == "rejected"
    return "rejected the lot" if rejected else ""


def _words(value: LotStatus | InspectionStatus | object) -> str:
    return str(value).replace("_", " ")
