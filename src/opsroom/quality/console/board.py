"""`/console/quality`: every lot where it stands; `…/lots/{number}`: one of them, and deciding on it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.doorkeeper import TheDoorkeeper
from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render, see_other
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import Conflict, Refusal
from opsroom.quality.disposition import actions
from opsroom.quality.disposition.genealogy import relatives
from opsroom.quality.findings.models import UNDECIDED, Defect
from opsroom.quality.inspections.models import Inspection
from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.models import LOT_STATES, Lot
from opsroom.quality.naming import id_of
from opsroom.quality.parts.models import Part
from opsroom.quality.proofs.records import signatures_of
from opsroom.quality.signing.actions import STATEMENT, consent, verify
from opsroom.quality.signing.identity import Credentials, confirm
from opsroom.quality.signing.models import Signature, SignatureConsent

router = APIRouter(prefix="/console/quality", include_in_schema=False)

SHOWN = 12  # of each column of the board
Decide = Callable[[AsyncSession, Actor, Lot, str], Awaitable[Signature]]
DECISIONS: dict[str, Decide] = {
    "release": actions.release,
    "reject": actions.reject,
    "rework": actions.rework,
    "hold": actions.hold,
    "resume": actions.resume,
}
TOLD = {
    "release": "Released.",
    "reject": "Rejected.",
    "rework": "Sent back into production.",
    "hold": "Held; nothing releases it meanwhile.",
    "resume": "The hold has ended.",
    "split": "Split; both lots are decided apart from now on.",
}
MayRelease = Annotated[Actor, allow("quality.lots.release")]


@router.get("", name="console_quality", dependencies=[allow("quality.lots.read")])
async def board(request: Request, connection: Reading) -> Response:
    columns = [(status, *await _column(connection, status)) for status in LotStatus]
    return render(request, "quality/board.html", columns=columns, shown=SHOWN)


@router.get("/lots/{number}", name="console_quality_lot", dependencies=[allow("quality.lots.read")])
async def lot_page(number: str, request: Request, connection: Reading) -> Response:
    return await _lot_page(request, connection, number)


@router.post("/consent", name="console_quality_consent")
async def accept(
    session: Unit,
    actor: Annotated[Actor, allow("quality.signatures.write")],
    lot: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Accept, once, what a signature means; back to the lot it was asked on."""
    await consent(session, actor)
    return see_other(f"/console/quality/lots/{quote(lot, safe='')}" if lot else "/console/quality", toast="Accepted.")


@router.post("/lots/{number}/{decision}", name="console_quality_decide")
async def decide(
    number: str,
    decision: str,
    request: Request,
    actor: MayRelease,
    database: TheDatabase,
    doorkeeper: TheDoorkeeper,
    password: Annotated[str, Form()] = "",
    username: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    lot_number: Annotated[str, Form(max_length=80)] = "",
    quantity: Annotated[int, Form(ge=0, lt=1 << 31)] = 0,
) -> Response:
    """Sign, and decide. A refusal is told beside the form. lot_number, quantity: of the new lot, for a split"""
    try:
        if decision not in TOLD:
            raise Conflict(f"There is no decision {decision}.")
        if decision != "release" and not reason.strip():
            raise Conflict("Say why.", field="reason")
        given = Credentials.model_validate({"username": username.strip() or None, "password": password})
        await confirm(doorkeeper, actor, given)
        async with database.transaction() as session:
            lot = await actions.lot_to_decide(session, number)
            if decision == "split":
                new = lot_number.strip()
                await actions.split(session, actor, lot, lot_number=new, quantity=quantity, reason=reason.strip())
            else:
                await DECISIONS[decision](session, actor, lot, reason.strip())
    except Refusal as refusal:
        async with database.reading() as connection:
            return await _lot_page(request, connection, number, refusal=refusal, reason=reason)
    return see_other(f"/console/quality/lots/{quote(number, safe='')}", toast=TOLD[decision])


async def _lot_page(
    request: Request, connection: AsyncConnection, number: str, refusal: Refusal | None = None, reason: str = ""
) -> Response:
    actor: Actor = request.state.actor
    async with AsyncSession(connection) as session:
        lot_id = await id_of(session, Lot.lot_number, number, field="lot_id")
        lot = await session.get_one(Lot, lot_id)
        part = await session.get_one(Part, lot.part_id)
        obstacles = await actions.obstacles_to_release(session, lot_id)
        consented = await session.scalar(select(SignatureConsent.id).where(SignatureConsent.user_id == actor.user_id))
        session.expunge_all()
    signatures = [await verify(connection, each) for each in await signatures_of(connection, lot_id)]
    return render(
        request,
        "quality/lot.html",
        status=200 if refusal is None else refusal.status.value,
        lot=lot,
        part=part,
        obstacles=obstacles,
        inspections=await _inspections(connection, lot_id),
        back=await relatives(connection, lot_id, "back"),
        forward=await relatives(connection, lot_id, "forward"),
        signatures=signatures,
        moves=LOT_STATES.moves[lot.status.value],
        refusal=refusal,
        reason=reason,
        consented=consented is not None,
        statement=STATEMENT,
    )


async def _column(connection: AsyncConnection, status: LotStatus) -> tuple[int, list[Any]]:
    """How many lots there are, and the first of them. Findings are counted of those that are shown only."""
    order = (Lot.on_hold.desc(), Lot.produced_at.desc(), Lot.id.desc())
    first = select(Lot).where(Lot.status == status).order_by(*order).limit(SHOWN).subquery()
    waiting = (
        select(func.count())
        .select_from(Defect)
        .join(Inspection, Inspection.id == Defect.inspection_id)
        .where(Inspection.lot_id == first.c.id, Defect.review_status.in_(UNDECIDED))
        .scalar_subquery()
    )
    query = (
        select(
            first.c.lot_number, first.c.quantity, first.c.on_hold, first.c.hold_reason, Part.part_number,
            waiting.label("waiting"),
        )
        .join(Part, Part.id == first.c.part_id)
        .order_by(first.c.on_hold.desc(), first.c.produced_at.desc(), first.c.id.desc())
    )  # fmt: skip
    total = await connection.scalar(select(func.count()).select_from(Lot).where(Lot.status == status))
    return total or 0, list((await connection.execute(query)).all())


async def _inspections(connection: AsyncConnection, lot_id: Any) -> list[Any]:
    findings = select(func.count()).where(Defect.inspection_id == Inspection.id).scalar_subquery()
    query = (
        select(
            Inspection.id, Inspection.type, Inspection.status, Inspection.result, Inspection.inspector,
            Inspection.completed_at, Inspection.sample_size, findings.label("findings"),
        )
        .where(Inspection.lot_id == lot_id)
        .order_by(Inspection.id)
    )  # fmt: skip
    return list((await connection.execute(query)).all())
